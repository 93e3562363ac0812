"""Penalties on the live relevance mappings; each is a mean over the weights of all layers."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

from rmn.mapping.mappings import RelevanceMappings


def price_relevance(
    groups: Collection[RelevanceMappings], *, l0_weight: float, overlap_weight: float
) -> None:
    """Set what full relevance of each weight costs during the task that has just begun.

    - L0: `l0_weight` times the mean relevance over the weights that no earlier task has fixed. The
      soft-round stands in for the count of non-zero entries, which has no gradient (paper,
      Algorithm 1, line 6). Weights that are fixed already cost no capacity, so they are free.
    - Overlap: `overlap_weight` times the mean over all weights of relevance times the number of
      earlier tasks that use the weight, the sum of pairwise overlaps (paper, Section 5.1).

    Both are linear in the relevance, so the price stays the same for the whole task.
    """
    free = _free_weights(groups)
    weights = sum(len(group.weight) for group in groups)
    for group in groups:
        price = (group.uses == 0) * (l0_weight / free)
        group.price = price + group.uses * (overlap_weight / weights)


def l1(groups: Collection[RelevanceMappings]) -> Tensor:
    """Mean magnitude of the raw mapping over the weights that no earlier task has fixed.

    The paper names the L1 norm without its weight (Section 5.1).
    """
    sums = [(group.mapping.abs() * (group.uses == 0)).sum() for group in groups]
    return torch.stack(sums).sum() / _free_weights(groups)


def _free_weights(groups: Collection[RelevanceMappings]) -> int:
    return max(1, sum(int((group.uses == 0).sum()) for group in groups))
