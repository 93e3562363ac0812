"""The features of a network: the inputs of its last layer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from torch import Tensor, nn

from rmn.tasks.layers import TaskBatchNorm, TaskLayer

_WEIGHTED: Final = (nn.Linear, nn.modules.conv._ConvNd, TaskLayer)


def last_layer(network: nn.Module) -> nn.Module:
    """The last registered layer with weights, commonly the output layer.

    Activations may be registered after it. A network without such a layer is returned itself.
    """
    layers = list(_weighted_layers(network))
    return layers[-1] if layers else network


def _weighted_layers(module: nn.Module) -> Iterator[nn.Module]:
    if isinstance(module, TaskBatchNorm):
        return
    if isinstance(module, _WEIGHTED):
        yield module
        return
    for child in module.children():
        yield from _weighted_layers(child)


@contextmanager
def last_layer_inputs(network: nn.Module) -> Iterator[list[Tensor]]:
    """Collect the inputs of the last layer, (n, d), of each forward pass inside the context."""
    collected: list[Tensor] = []

    def collect(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        collected.append(inputs[0].flatten(1))

    hook = last_layer(network).register_forward_pre_hook(collect)
    try:
        yield collected
    finally:
        hook.remove()
