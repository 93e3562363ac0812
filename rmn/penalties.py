"""Penalties on the live relevance mappings; each is a mean over the weights of all layers."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from rmn.layers import RelevanceLayer


def l1(layers: Iterable[RelevanceLayer]) -> Tensor:
    """Mean of the raw mapping's magnitude over weights that no earlier task has fixed.

    Using a fixed weight costs no capacity, so it is free (paper, Section 5.1, states the L1 norm
    without its weight).
    """
    return _mean_over_free((layer.mapping.abs(), layer) for layer in layers)


def l0(layers: Iterable[RelevanceLayer]) -> Tensor:
    """Mean relevance over weights that no earlier task has fixed: the share of new weights kept.

    The soft-round stands in for the count of non-zero entries, which has no gradient
    (paper, Algorithm 1, line 6).
    """
    return _mean_over_free((layer.relevance, layer) for layer in layers)


def overlap(layers: Iterable[RelevanceLayer]) -> Tensor:
    """Mean over all weights of relevance times the number of earlier tasks that use the weight.

    This is the sum of the pairwise overlaps with the earlier masks (paper, Section 5.1).
    """
    shared, weights = [], 0
    for layer in layers:
        shared.append((layer.relevance * layer.uses).sum())
        weights += layer.weight.numel()
    return torch.stack(shared).sum() / weights


def _mean_over_free(values: Iterable[tuple[Tensor, RelevanceLayer]]) -> Tensor:
    sums, counts = [], []
    for value, layer in values:
        free = layer.uses == 0
        sums.append((value * free).sum())
        counts.append(free.sum())
    return torch.stack(sums).sum() / torch.stack(counts).sum().clamp(min=1)
