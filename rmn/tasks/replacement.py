"""Replacement of some layers of a module."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn


def replace_layers(
    module: nn.Module, replacement: Callable[[nn.Module], nn.Module | None]
) -> nn.Module:
    """The module with some of its layers replaced; changed in place.

    A layer that is used in several places is replaced by the same one everywhere.

    Args:
        module: any module, nested or not.
        replacement: what stands for a layer; None to keep it and to look at its own layers.
    """
    replaced: dict[nn.Module, nn.Module] = {}

    def replace(layer: nn.Module) -> nn.Module:
        if layer not in replaced:
            made = replacement(layer)
            replaced[layer] = layer if made is None else made
            if made is None:
                for name, child in layer._modules.items():  # named_children skips repeated layers
                    if child is not None:
                        setattr(layer, name, replace(child))
        return replaced[layer]

    return replace(module)
