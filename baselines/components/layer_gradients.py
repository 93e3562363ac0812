"""Gradients of a layer's own weights for each example apart, from its inputs and what comes back.

Formulas for the layers that networks are made of: Goodfellow, "Efficient per-example gradient
computations", 2015, arXiv 1510.01799, for matrix products; Rochette, Manoel & Tramel, 2019, arXiv
1912.06015, for convolutions, which are matrix products at each place of an image. Any other layer
is differentiated for each example, batched by vmap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

Elementwise = Callable[[Tensor], Tensor]
"""torch.square or torch.abs: a function of single numbers with of(a b) = of(a) of(b)."""

Sums = dict[str, Tensor]
"""By a weight's name in its layer, shapes of the weights."""

_AT_ONCE: Final = 2**20
"""Numbers of per-example gradients in memory at one time: 4 MB stay in a processor's cache."""


def learned_weights(layer: nn.Module) -> dict[str, nn.Parameter]:
    """A module's own parameters that are learned, by their names in it."""
    own = layer.named_parameters(recurse=False)
    return {name: weight for name, weight in own if weight.requires_grad}


@torch.no_grad()
def sum_over_examples(layer: nn.Module, inputs: Tensor, gradient: Tensor, of: Elementwise) -> Sums:
    """The sum over examples of a function of each example's gradient of a layer's weights.

    Args:
        layer: in evaluation mode: an example's outputs do not depend on the others'.
        inputs: of the layer, (n, ...).
        gradient: with respect to its outputs, (n, ...).
        of: the function.
    """
    if _is_linear(layer, inputs):
        return _outer(layer, inputs, gradient, of)
    if _is_convolution(layer) and gradient[0, 0].numel() == 1:
        return _outer(layer, patches(layer, inputs).flatten(1), gradient.flatten(1), of)
    weights = learned_weights(layer)
    total = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    size = max(1, _AT_ONCE // sum(weight.numel() for weight in weights.values()))
    for x, d in zip(torch.split(inputs, size), torch.split(gradient, size), strict=True):
        own = each_example(layer, x, d)
        for name, value in total.items():
            value += of(own[name]).sum(0).view_as(value)
    return total


@torch.no_grad()
def each_example(layer: nn.Module, inputs: Tensor, gradient: Tensor) -> Sums:
    """Each example's gradient of a layer's weights, by their names, (n, numbers of the weight).

    Args:
        layer: in evaluation mode: an example's outputs do not depend on the others'.
        inputs: of the layer, (n, ...).
        gradient: with respect to its outputs, (n, ...).
    """
    if _is_linear(layer, inputs):
        found = {"weight": gradient[:, :, None] * inputs[:, None], "bias": gradient}
    elif _is_convolution(layer):
        found = _of_convolution(layer, inputs, gradient)
    elif isinstance(layer, _BatchNorm | nn.GroupNorm):
        found = _of_norm(layer, inputs, gradient)
    else:
        found = _of_any(layer, inputs, gradient)
    return {name: found[name].flatten(1) for name in learned_weights(layer)}


def _outer(layer: nn.Module, rows: Tensor, columns: Tensor, of: Elementwise) -> Sums:
    """Where each example's gradient is an outer product, and so a function of it is one.

    Args:
        layer: a matrix product at one place.
        rows: its inputs, (n, inputs).
        columns: gradients with respect to its outputs, (n, outputs).
        of: the function.
    """
    sums = {"weight": of(columns).T @ of(rows), "bias": of(columns).sum(0)}
    return {name: sums[name].view_as(own) for name, own in learned_weights(layer).items()}


def _of_convolution(layer: nn.Module, inputs: Tensor, gradient: Tensor) -> Sums:
    """Each example's gradient of the weights, (n, ...).

    Args:
        layer: a convolution.
        inputs: (n, channels, height, width).
        gradient: with respect to its outputs, (n, channels, height, width).
    """
    columns = gradient.flatten(2)
    weight = torch.bmm(columns, patches(layer, inputs).transpose(1, 2))
    return {"weight": weight.flatten(1), "bias": columns.sum(2)}


def _of_norm(layer: nn.Module, inputs: Tensor, gradient: Tensor) -> Sums:
    """Each example's gradient of the weights, (n, channels).

    Args:
        layer: a normalisation with a weight and a bias for each channel.
        inputs: (n, channels, ...).
        gradient: with respect to its outputs, (n, channels, ...).
    """
    assert isinstance(layer.weight, Tensor)
    unscaled = {"weight": torch.ones_like(layer.weight), "bias": torch.zeros_like(layer.weight)}
    normalised = torch.func.functional_call(layer, unscaled, (inputs,))
    shape = (*inputs.shape[:2], -1)  # a value for each place
    return {
        "weight": (gradient * normalised).reshape(shape).sum(2),
        "bias": gradient.reshape(shape).sum(2),
    }


def _of_any(layer: nn.Module, inputs: Tensor, gradient: Tensor) -> Sums:
    """Each example's gradient of the weights, (n, ...).

    Args:
        layer: any.
        inputs: (n, ...).
        gradient: with respect to its outputs, (n, ...).
    """

    def of_one(example: Tensor, upstream: Tensor) -> Sums:
        def forward(own: dict[str, Tensor]) -> Tensor:
            outputs: Tensor = torch.func.functional_call(layer, own, (example.unsqueeze(0),))
            return outputs

        weights = {name: own.detach() for name, own in learned_weights(layer).items()}
        backward = torch.func.vjp(forward, weights)[1]
        gradients: Sums = backward(upstream.unsqueeze(0))[0]
        return gradients

    found: Sums = torch.func.vmap(of_one)(inputs, gradient)
    return found


def _is_linear(layer: nn.Module, inputs: Tensor) -> bool:
    return isinstance(layer, nn.Linear) and inputs.dim() == 2


def _is_convolution(layer: nn.Module) -> bool:
    """Whether a layer is a convolution that `patches` can take apart."""
    plain = isinstance(layer, nn.Conv2d) and layer.groups == 1 and layer.padding_mode == "zeros"
    return plain and not isinstance(layer.padding, str)


def patches(layer: nn.Module, inputs: Tensor) -> Tensor:
    """What the weights of each output are multiplied with, (n, weights of an output, places)."""
    assert isinstance(layer, nn.Conv2d)
    assert not isinstance(layer.padding, str)
    return F.unfold(inputs, layer.kernel_size, layer.dilation, layer.padding, layer.stride)
