"""What a network's last layer is given: its features of an input."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from rmn.layers import TaskLayer


def last_layer(network: nn.Module) -> nn.Module:
    """The last layer that the network registered, its output layer in every common network."""
    children = list(network.children())
    return last_layer(children[-1]) if children and not isinstance(network, TaskLayer) else network


@contextmanager
def last_layer_inputs(network: nn.Module) -> Iterator[list[Tensor]]:
    """Collects what the last layer is given, (n, d) for each forward pass inside the context."""
    found: list[Tensor] = []

    def keep(layer: Any, inputs: tuple[Tensor, ...]) -> None:
        found.append(inputs[0].flatten(1))

    hook = last_layer(network).register_forward_pre_hook(keep)
    try:
        yield found
    finally:
        hook.remove()
