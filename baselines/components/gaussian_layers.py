"""Layers whose weights are independent Gaussians (mean-field variational inference)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rmn.tasks.replacement import replace_layers

_LEAST: Final = 1e-8
"""Added to variances: the root has no gradient at zero, where all inputs of a unit are."""


class GaussianLinear(nn.Linear):
    """A linear layer with a Gaussian for each weight.

    In training outputs are drawn, not weights (local reparameterisation: Kingma, Salimans & Welling
    2015): for inputs x, an output is a Gaussian with mean W x and variance S x², S being the
    variances of the weights. Elsewhere outputs are those of the mean weights.

    Args:
        layer: gives the means.
        initial_std: standard deviation at first, over that of the layer's means.
        variance_rate: log-variance over the parameter that stands for it.

    Log-variances have a longer way to go than means, and a step of Adam is about as long as the
    learning rate, whatever the gradient. So a log-variance is so many times its parameter.

    Attributes:
        draws: outputs that are drawn for each input in training: more than 1 in a network's first
            layer alone, from which all later ones have so many times the inputs.
        weight: means, (out, in).
        bias: means, (out,), or None.
        weight_variance_parameter: log-variances over `variance_rate`, shape of `weight`.
        bias_variance_parameter: likewise, shape of `bias`, or None.
    """

    draws: int
    initial_std: float
    variance_rate: float
    weight_variance_parameter: nn.Parameter
    bias_variance_parameter: nn.Parameter | None

    def __init__(self, layer: nn.Linear, initial_std: float, variance_rate: float) -> None:
        has_bias = layer.bias is not None
        super().__init__(layer.in_features, layer.out_features, bias=has_bias, device="meta")
        _become_gaussian(self, layer, initial_std, variance_rate)

    def reset_parameters(self) -> None:
        """Draw new means, with the variances of the beginning."""
        super().reset_parameters()
        if hasattr(self, "initial_std"):  # not while it is being made
            _reset_variances(self)

    def forward(self, x: Tensor) -> Tensor:
        """Output (n, out) for inputs x (n, in); (draws * n, out) in training, draw by draw."""
        mean = F.linear(x, self.weight, self.bias)
        if not self.training:
            return mean
        return _drawn(mean, F.linear(x.square(), *_variances(self)), self.draws)


class GaussianConv2d(nn.Conv2d):
    """A convolution with a Gaussian for each weight; see `GaussianLinear`.

    Args:
        layer: gives the means.
        initial_std: standard deviation at first, over that of the layer's means.
        variance_rate: log-variance over the parameter that stands for it.
    """

    draws: int
    initial_std: float
    variance_rate: float
    weight_variance_parameter: nn.Parameter
    bias_variance_parameter: nn.Parameter | None

    def __init__(self, layer: nn.Conv2d, initial_std: float, variance_rate: float) -> None:
        super().__init__(
            layer.in_channels,
            layer.out_channels,
            layer.kernel_size,  # type: ignore[arg-type] # as it was given
            layer.stride,  # type: ignore[arg-type]
            layer.padding,  # type: ignore[arg-type]
            layer.dilation,  # type: ignore[arg-type]
            layer.groups,
            bias=layer.bias is not None,
            padding_mode=layer.padding_mode,
            device="meta",
        )
        _become_gaussian(self, layer, initial_std, variance_rate)

    def forward(self, x: Tensor) -> Tensor:
        """Output (n, out, height, width) for inputs x (n, in, height, width); see there."""
        mean = super().forward(x)
        if not self.training:
            return mean
        return _drawn(mean, self._conv_forward(x.square(), *_variances(self)), self.draws)


GaussianLayer = GaussianLinear | GaussianConv2d


def with_gaussian_weights(
    network: nn.Module, initial_std: float, variance_rate: float, draws: int = 1
) -> nn.Module:
    """The network with each Linear and Conv2d replaced by one with Gaussian weights; in place.

    What normalises keeps single values.

    Args:
        network: any module of such layers.
        initial_std: standard deviation at first, over that of each layer's freshly drawn means.
        variance_rate: log-variance over the parameter that stands for it.
        draws: outputs that are drawn for each input in training, by the layer that is registered
            first and must be the first to be used.
    """

    def replacement(layer: nn.Module) -> nn.Module | None:
        if isinstance(layer, nn.Linear):
            return GaussianLinear(layer, initial_std, variance_rate)
        if isinstance(layer, nn.Conv2d):
            return GaussianConv2d(layer, initial_std, variance_rate)
        return None

    made = replace_layers(network, replacement)
    first = next(layer for layer in made.modules() if isinstance(layer, GaussianLayer))
    first.draws = draws
    return made


def gaussian_weights(layer: GaussianLayer) -> Iterator[tuple[str, nn.Parameter, nn.Parameter]]:
    """Names of a layer's weight and bias, each with its means and its variance parameters."""
    for name in ("weight", "bias"):
        means, parameters = getattr(layer, name), getattr(layer, f"{name}_variance_parameter")
        if means is not None:
            yield name, means, parameters


def _become_gaussian(
    made: GaussianLayer, layer: nn.Linear | nn.Conv2d, initial_std: float, variance_rate: float
) -> None:
    """Take a layer's weights for means, and give them variances.

    Args:
        made: a Gaussian layer of the same shape.
        layer: whose weights.
        initial_std: standard deviation at first, over that of the layer's means.
        variance_rate: log-variance over the parameter that stands for it.
    """
    made.weight, made.bias = layer.weight, layer.bias
    made.draws = 1
    made.initial_std, made.variance_rate = initial_std, variance_rate
    for name in ("weight", "bias"):
        means = getattr(layer, name)
        parameters = None if means is None else nn.Parameter(torch.empty_like(means))
        made.register_parameter(f"{name}_variance_parameter", parameters)
    _reset_variances(made)


@torch.no_grad()
def _reset_variances(layer: GaussianLayer) -> None:
    log_variance = 2 * math.log(layer.initial_std * float(layer.weight.std()))
    for _, _, parameters in gaussian_weights(layer):
        parameters.fill_(log_variance / layer.variance_rate)


def _variances(layer: GaussianLayer) -> tuple[Tensor, Tensor | None]:
    """Of the weights and of the biases, if there are any."""
    found = {
        name: (layer.variance_rate * parameters).exp()
        for name, _, parameters in gaussian_weights(layer)
    }
    return found["weight"], found.get("bias")


def _drawn(mean: Tensor, variance: Tensor, draws: int) -> Tensor:
    """Gaussian draws, (draws * n, ...).

    Args:
        mean: of each output, (n, ...).
        variance: of each output, (n, ...).
        draws: of each output.
    """
    std = (variance + _LEAST).sqrt()
    if draws > 1:
        mean, std = (one.repeat(draws, *[1] * (one.dim() - 1)) for one in (mean, std))
    return mean + std * torch.randn_like(mean)
