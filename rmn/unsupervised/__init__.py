"""RMN without task labels: Algorithm 2 of the paper's supplement."""

from rmn.unsupervised.strategy import RMNUnsupervised

__all__ = ["RMNUnsupervised"]
