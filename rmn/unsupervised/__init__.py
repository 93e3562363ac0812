"""RMN without task labels, in training or at test: Algorithm 2 of the paper's supplement."""

from rmn.unsupervised.strategy import RMNUnsupervised
from rmn.unsupervised.switch_detection import DETECTORS

__all__ = ["DETECTORS", "RMNUnsupervised"]
