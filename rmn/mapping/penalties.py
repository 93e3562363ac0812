"""Penalties on the live relevance mappings; each is a mean over the weights of all layers."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

from rmn.mapping.mappings import RelevanceMappings


def set_penalty_weights(
    groups: Collection[RelevanceMappings],
    *,
    l0_weight: float,
    l0_scarcity: float,
    overlap_weight: float,
) -> None:
    """Set the penalty per unit of relevance of each weight, for the task that has just begun.

    - L0: `l0_weight` times the sum of the relevances of the weights that no finished task uses over
      the number of all weights. The soft-round stands in for the count of non-zero entries, which
      has no gradient (paper, Algorithm 1, line 6). Frozen weights take no further capacity and are
      not penalised. The price of a weight grows as the share of free ones, f, falls: it is
      multiplied by f to the power -`l0_scarcity`. With 1, the penalty is `l0_weight` times the mean
      relevance over free weights; with more, late tasks leave more of what is left.
    - Overlap: `overlap_weight` times the mean over all weights of relevance times the number of
      finished tasks that use the weight, the sum of pairwise overlaps. Above zero it separates the
      tasks (paper, Section 5.1), below zero it rewards to use weights again.

    Both are linear in the relevance, so the penalty weights stay the same for the whole task.

    Args:
        groups: all groups of a network; their `penalty_weight` is set.
        l0_weight: weight of the L0 penalty.
        l0_scarcity: how fast its price grows as free weights become scarce; 0: not at all.
        overlap_weight: weight of the overlap penalty, of either sign.
    """
    weights = sum(len(group.weight) for group in groups)
    price = l0_weight / weights * (weights / _count_free_weights(groups)) ** l0_scarcity
    for group in groups:
        kind = group.penalty_dtype
        l0 = (group.uses == 0).to(kind) * price
        group.penalty_weight = l0 + group.uses.to(kind) * (overlap_weight / weights)


def l1_penalty(groups: Collection[RelevanceMappings]) -> Tensor:
    """Mean magnitude of the raw mapping over the weights that no finished task uses, a scalar.

    The paper names the L1 norm without its weight (Section 5.1).
    """
    sums = [(group.mapping.abs() * (group.uses == 0)).sum() for group in groups]
    return torch.stack(sums).sum() / _count_free_weights(groups)


def _count_free_weights(groups: Collection[RelevanceMappings]) -> int:
    return max(1, sum(int((group.uses == 0).sum()) for group in groups))
