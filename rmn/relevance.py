"""Relevance mappings as tensors: the soft-round function, initial values and packed storage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

INITIALISATIONS: Final = ("normal", "skewed_normal", "uniform")


def soft_round(mapping: Tensor, beta: Tensor | float) -> Tensor:
    """Sigmoidal pseudo-round of a relevance mapping to (0, 1), element by element.

    It tends to rounding at 0.5 as `beta` grows (paper, Equation 7).
    """
    return torch.sigmoid(beta * (mapping - 0.5))


class SoftMask(torch.autograd.Function):
    """The weights of many layers times their relevance, and what that relevance costs.

    `weight * soft_round(mapping, beta)` by autograd alone costs twice as many passes over memory,
    and what autograd costs per function is as much as the work for a small layer: hence all layers
    at once.
    """

    @staticmethod
    def forward(ctx: Any, prices: Sequence[Tensor | None], *tensors: Tensor) -> tuple[Tensor, ...]:
        """The cost, a scalar, then the masked weights of each layer.

        Args:
            ctx: autograd's.
            prices: of full relevance, per layer in the shape of its weight; None for nothing.
            tensors: the weights of all layers, then their mappings, then their betas.
        """
        layers = len(prices)
        weights, mappings, betas = (tensors[at * layers : (at + 1) * layers] for at in range(3))
        relevances = [
            mapping.sub(0.5).mul_(beta).sigmoid_()
            for mapping, beta in zip(mappings, betas, strict=True)
        ]
        ctx.prices = prices
        ctx.save_for_backward(*tensors, *relevances)
        cost = weights[0].new_zeros(())
        for price, relevance in zip(prices, relevances, strict=True):
            if price is not None:
                cost += torch.dot(_in_memory_order(price), _in_memory_order(relevance))
        masked = (w * r for w, r in zip(weights, relevances, strict=True))
        return cost, *masked

    @staticmethod
    def backward(ctx: Any, of_cost: Tensor, *of_masked: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients with respect to weights, mappings and, where they are learned, betas."""
        layers = len(of_masked)
        of_weights, of_mappings, of_betas = [], [], []
        added_as_it_is = of_cost.device.type == "cpu" and of_cost.item() == 1  # a GPU would wait
        for at, (price, gradient) in enumerate(zip(ctx.prices, of_masked, strict=True)):
            weight, mapping, beta, relevance = ctx.saved_tensors[at::layers]
            if price is None:
                of_relevance = gradient * weight
            else:
                scaled = price if added_as_it_is else price * of_cost
                of_relevance = torch.addcmul(scaled, gradient, weight)
            of_argument = torch.ops.aten.sigmoid_backward(of_relevance, relevance)
            learned = ctx.needs_input_grad[1 + 2 * layers + at]
            of_betas.append((of_argument * (mapping - 0.5)).sum() if learned else None)
            of_mappings.append(of_argument.mul_(beta))
            of_weights.append(gradient * relevance)
        return None, *of_weights, *of_mappings, *of_betas


def _in_memory_order(values: Tensor) -> Tensor:
    """All values in one dimension, without a copy for both layouts of convolution weights."""
    if values.dim() == 4 and values.is_contiguous(memory_format=torch.channels_last):
        return values.permute(0, 2, 3, 1).flatten()
    return values.flatten()


@torch.no_grad()
def initialise(mapping: Tensor, initialisation: str, spread: float) -> None:
    """Fill a mapping with fresh values in [0, 1], in place.

    - "normal": N(0.5, spread) clipped. A small spread is best: entries that start far from 0.5 lie
      where the soft-round is flat and hardly learn.
    - "skewed_normal": clipped and skewed to the right, as the paper says without parameters;
      location 0.4, scale 0.2, shape 4 are ours.
    - "uniform": U(0, 1), as the authors' development code has it.

    Raises:
        ValueError: unknown initialisation.
    """
    if initialisation == "uniform":
        mapping.uniform_()
    elif initialisation == "normal":
        mapping.normal_(0.5, spread).clamp_(0, 1)
    elif initialisation == "skewed_normal":
        shape = 4.0
        delta = shape / (1 + shape**2) ** 0.5
        skewed = delta * torch.randn_like(mapping).abs_()
        skewed += (1 - delta**2) ** 0.5 * torch.randn_like(mapping)
        mapping.copy_(skewed.mul_(0.2).add_(0.4).clamp_(0, 1))
    else:
        raise ValueError(f"initialisation is {initialisation!r}; use one of {INITIALISATIONS}")


def pack(mask: Tensor) -> Tensor:
    """A binary mask of any shape as bits, shape (ceil(numel / 8),), uint8."""
    bits = np.packbits(mask.detach().cpu().numpy().astype(bool).reshape(-1))
    return torch.from_numpy(bits).to(mask.device)


def unpack(packed: Tensor, shape: torch.Size) -> Tensor:
    """The inverse of `pack`: packed bits (..., bytes) as bool (..., *shape)."""
    bits = np.unpackbits(packed.cpu().numpy(), axis=-1, count=shape.numel())
    return torch.from_numpy(bits).bool().to(packed.device).reshape(*packed.shape[:-1], *shape)
