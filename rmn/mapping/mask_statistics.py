"""How decided a mask is when it is rounded, and how far it has come from its first values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from rmn.mapping.relevance import soft_round
from rmn.mapping.weights import RelevanceWeight

_DECIDED: Final = (0.05, 0.95)
"""A relevance between these is close to neither zero nor one."""


@dataclass(frozen=True, slots=True)
class MaskStatistics:
    """Of one layer's mask of one task.

    Attributes:
        undecided: number of entries with a relevance between 0.05 and 0.95.
        flipped: number of entries that rounding takes to another value than at the task's start.
        beta: tightness of the soft-round.
    """

    undecided: int
    flipped: int
    beta: float


@torch.no_grad()
def mask_statistics(layer: RelevanceWeight, first_mask: Tensor) -> MaskStatistics:
    """The statistics of a layer's live mask.

    Args:
        layer: the layer.
        first_mask: the mask as it was rounded at the task's start, bool, in the weight's shape.
    """
    relevance = soft_round(layer.mapping, layer.beta)
    low, high = _DECIDED
    return MaskStatistics(
        undecided=int(((relevance > low) & (relevance < high)).sum()),
        flipped=int((layer.live_mask() ^ first_mask).sum()),
        beta=float(layer.beta),
    )
