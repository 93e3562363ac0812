"""What a network's finished masks know of a batch already: the filter of Algorithm 2."""

from __future__ import annotations

from typing import Final, Literal

import torch
from torch import Tensor

_SURE: Final = 0.9
_LIKELY: Final = 0.5


def explained(logits: Tensor, y: Tensor, by: Literal["label", "activation", "nothing"]) -> Tensor:
    """Which examples each finished mask knows already (Algorithm 2, line 4).

    Args:
        logits: under each finished mask, (masks, n, outputs).
        y: classes, (n,).
        by: "label", the right class has at least half of the probability; "activation", some class
            has at least nine tenths, the paper's "high and confident activations"; "nothing".

    Returns:
        bool, (masks, n).
    """
    if by == "nothing" or not len(logits):
        return y.new_zeros(len(logits), len(y), dtype=torch.bool)
    probability = logits.softmax(-1)
    if by == "activation":
        return probability.amax(-1) >= _SURE
    chosen = y.expand(len(logits), -1)[..., None]
    return probability.gather(-1, chosen).squeeze(-1) >= _LIKELY
