"""What a network's masks know of a batch: the filter of Algorithm 2, and the last features."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal

import torch
from torch import Tensor

from rmn.network import RelevanceNetwork

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


@contextmanager
def last_layer_inputs(network: RelevanceNetwork) -> Iterator[list[Tensor]]:
    """Collects what the last relevance layer is given, (n, d) for each forward pass."""
    found: list[Tensor] = []

    def keep(layer: Any, inputs: tuple[Tensor, ...]) -> None:
        found.append(inputs[0].flatten(1))

    hook = list(network.relevance_layers().values())[-1].register_forward_pre_hook(keep)
    try:
        yield found
    finally:
        hook.remove()
