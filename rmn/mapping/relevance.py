"""Relevance mappings as tensors: the soft-round function, initial values and packed storage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from rmn.mapping.flat_views import Slot

CACHED: Final = 2**17
"""Weights that a processor's cache holds with their mappings, relevances and gradients."""

INITIALISATIONS: Final = ("normal", "skewed_normal", "uniform")


def soft_round(mapping: Tensor, beta: Tensor | float) -> Tensor:
    """Sigmoidal pseudo-round of a relevance mapping to (0, 1), element by element.

    It tends to rounding at 0.5 as `beta` grows (paper, Equation 7).
    """
    return torch.sigmoid(beta * (mapping - 0.5))


class SoftMask(torch.autograd.Function):
    """The weights of some layers times their relevance, and what that relevance costs.

    `weight * soft_round(mapping, beta)` by autograd alone costs twice as many passes over memory,
    and what autograd costs per function is as much as the work for a small layer: hence several
    layers at once, end to end in one tensor (`rmn.mapping.flat_views`). Of a large layer, so much is worked on
    at a time as stays in a processor's cache.
    """

    @staticmethod
    def forward(
        ctx: Any,
        slots: Sequence[Slot],
        price: Tensor | None,
        beta: Tensor,
        *values: Tensor,
    ) -> tuple[Tensor, ...]:
        """The cost, a scalar, then the masked weights of each layer in its shape.

        Args:
            ctx: autograd's.
            slots: of the layers.
            price: of full relevance, (n,); None for nothing.
            beta: a scalar, or one per layer, (layers,), whose gradients may be asked for.
            values: the weights of all layers, in one tensor (n,) or in several that are (n,)
                together, then their mappings likewise.
        """
        groups = len(values) // 2
        weight, mapping = joined(values[:groups]), joined(values[groups:])
        relevance, masked = torch.empty_like(mapping), torch.empty_like(weight)
        cost = weight.new_zeros(())
        scale = per_weight(beta, slots)
        for w, m, b, p, r, out in _parts(weight, mapping, scale, price, relevance, masked):
            torch.mul(w, torch.sub(m, 0.5, out=r).mul_(b).sigmoid_(), out=out)
            if p is not None:
                cost += torch.dot(p, r)
        ctx.slots, ctx.price, ctx.sizes = slots, price, [len(group) for group in values[:groups]]
        ctx.save_for_backward(weight, mapping, beta, relevance)
        return cost, *(slot.of(masked) for slot in slots)

    @staticmethod
    def backward(ctx: Any, of_cost: Tensor, *of_masked: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients with respect to beta, where it is learned, weights and mappings."""
        weight, mapping, beta, relevance = ctx.saved_tensors
        slots, price = ctx.slots, ctx.price
        if price is not None and (of_cost.device.type != "cpu" or of_cost.item() != 1):
            price = price * of_cost  # on a GPU always: to look at the cost would be to wait for it
        scale = per_weight(beta, slots)
        gradient = joined([slot.flat(one) for slot, one in zip(slots, of_masked, strict=True)])
        of_weight, of_mapping = torch.empty_like(weight), torch.empty_like(mapping)
        of_betas = torch.empty_like(mapping) if ctx.needs_input_grad[2] else None
        given = (gradient, weight, mapping, relevance, scale, price)
        for g, w, m, r, b, p, to_w, to_m, to_b in _parts(*given, of_weight, of_mapping, of_betas):
            argument = torch.mul(g, w, out=to_m) if p is None else torch.addcmul(p, g, w, out=to_m)
            torch.ops.aten.sigmoid_backward.grad_input(argument, r, grad_input=argument)
            if to_b is not None:
                torch.mul(argument, m - 0.5, out=to_b)
            argument.mul_(b)
            torch.mul(g, r, out=to_w)
        of_beta = None
        if of_betas is not None:
            of_beta = torch.stack([slot.of(of_betas).sum() for slot in slots])
        parts = (*torch.split(of_weight, ctx.sizes), *torch.split(of_mapping, ctx.sizes))
        return None, None, of_beta, *parts


def joined(values: Sequence[Tensor]) -> Tensor:
    """Tensors (n,) end to end; a single one as it is."""
    return values[0] if len(values) == 1 else torch.cat(list(values))


def _parts(first: Tensor, *others: Tensor | None) -> Iterator[tuple[Any, ...]]:
    """Values, (n,), in parts that a processor's cache holds; a GPU takes all at once.

    What is None or a scalar goes with every part as it is.
    """
    values = (first, *others)
    if first.device.type != "cpu" or len(first) <= CACHED:
        yield values
        return
    yield from zip(
        *(repeat(v) if v is None or v.dim() == 0 else torch.split(v, CACHED) for v in values),
        strict=False,
    )


def per_weight(beta: Tensor, slots: Sequence[Slot]) -> Tensor:
    """One beta for all weights as it is, (); one per layer, (layers,), as one per weight, (n,)."""
    if beta.dim() == 0:
        return beta
    sizes = torch.tensor([slot.shape.numel() for slot in slots], device=beta.device)
    return beta.repeat_interleave(sizes, output_size=slots[-1].stop)  # or a GPU must add them up


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


def unpack(packed: Tensor, count: int) -> Tensor:
    """The inverse of `pack`: the first `count` bits as bool, (count,)."""
    bits = np.unpackbits(packed.cpu().numpy(), count=count)
    return torch.from_numpy(bits).bool().to(packed.device)
