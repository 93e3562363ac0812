"""What a network's last layer is given: its features of an input."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from torch import Tensor, nn

from rmn.tasks.layers import TaskBatchNorm, TaskLayer

_WEIGHTED: Final = (nn.Linear, nn.Conv2d, TaskLayer)


def last_layer(network: nn.Module) -> nn.Module:
    """The last layer with weights that the network registered: its output layer, commonly.

    Activations may be registered after it; a network without such a layer is its own last one.
    """
    found = list(_weighted(network))
    return found[-1] if found else network


def _weighted(module: nn.Module) -> Iterator[nn.Module]:
    if isinstance(module, TaskBatchNorm):
        return
    if isinstance(module, _WEIGHTED):
        yield module
        return
    for child in module.children():
        yield from _weighted(child)


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
