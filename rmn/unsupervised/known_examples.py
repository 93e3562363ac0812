"""The filter of Algorithm 2: which examples of a batch finished masks know already."""

from __future__ import annotations

from typing import Final, Literal

import torch
from torch import Tensor

FILTERS: Final = ("label", "activation", "nothing")
"""What may make an example known, see `known_examples`."""

_CONFIDENT: Final = 0.9
_LIKELY: Final = 0.5


def known_examples(
    logits: Tensor, y: Tensor, filter_by: Literal["label", "activation", "nothing"]
) -> Tensor:
    """Which examples each finished mask knows already (Algorithm 2, line 4).

    Args:
        logits: logits under each finished mask, (masks, n, outputs).
        y: classes, (n,), int64.
        filter_by: what makes an example known. "label": the right class has a probability of at
            least 0.5; "activation": some class has one of at least 0.9, the paper's "high and
            confident activations"; "nothing": no example is known.

    Returns:
        bool, (masks, n).
    """
    if filter_by == "nothing" or not len(logits):
        return y.new_zeros(len(logits), len(y), dtype=torch.bool)
    probability = logits.softmax(-1)
    if filter_by == "activation":
        return probability.amax(-1) >= _CONFIDENT
    labels = y.expand(len(logits), -1)[..., None]
    return probability.gather(-1, labels).squeeze(-1) >= _LIKELY
