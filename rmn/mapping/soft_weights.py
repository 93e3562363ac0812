"""Soft (relevance-weighted) weights of several layers in one autograd function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any, Final

import torch
from torch import Tensor

from rmn.mapping.flat_views import FlatView

CACHE_SIZE: Final = 2**17
"""Weights that fit a processor's cache with their mappings, relevances and gradients."""


class SoftWeights(torch.autograd.Function):
    """The weights of some layers times their relevance, and the penalty on that relevance.

    `weight * soft_round(mapping, beta)` by autograd alone takes twice as many passes over memory,
    and for a small layer the overhead of an autograd function is as large as its arithmetic. So
    several layers, concatenated in flat tensors (`rmn.mapping.flat_views`), are processed at once,
    and large ones in chunks that stay in a processor's cache.
    """

    @staticmethod
    def forward(
        ctx: Any,
        views: Sequence[FlatView],
        penalty_weight: Tensor | None,
        beta: Tensor,
        *values: Tensor,
    ) -> tuple[Tensor, ...]:
        """The penalty, a scalar, then the soft weights of each layer in its shape.

        Args:
            ctx: autograd's context.
            views: of the layers in the flat tensors.
            penalty_weight: penalty per unit of relevance of each weight, (n,), of at least single
                precision, in which the penalty is added up; None for none.
            beta: a scalar, or one per layer, (layers,), with a gradient where it is learned.
            values: the weights of all layers, in one flat tensor (n,) or in several that have n
                values together, then their mappings likewise.
        """
        groups = len(values) // 2
        weight, mapping = concatenate(values[:groups]), concatenate(values[groups:])
        relevance, soft = torch.empty_like(mapping), torch.empty_like(weight)
        exact = weight if penalty_weight is None else penalty_weight
        penalty = exact.new_zeros(())
        scale = beta_per_weight(beta, views)
        for w, m, b, p, r, out in _chunks(weight, mapping, scale, penalty_weight, relevance, soft):
            torch.mul(w, torch.sub(m, 0.5, out=r).mul_(b).sigmoid_(), out=out)
            if p is not None:
                penalty += torch.dot(p, r.to(p.dtype))
        ctx.views, ctx.penalty_weight = views, penalty_weight
        ctx.sizes = [len(group) for group in values[:groups]]
        ctx.save_for_backward(weight, mapping, beta, relevance)
        return penalty, *(view.slice(soft) for view in views)

    @staticmethod
    def backward(ctx: Any, grad_penalty: Tensor, *grad_soft: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients with respect to beta, where it is learned, weights and mappings.

        Args:
            ctx: autograd's context.
            grad_penalty: gradient with respect to the penalty, a scalar.
            grad_soft: gradients with respect to the soft weights of each layer, in its shape.
        """
        weight, mapping, beta, relevance = ctx.saved_tensors
        views, penalty_weight = ctx.views, ctx.penalty_weight
        # the usual factor of 1 is skipped, but on a GPU reading it would mean to wait for it
        if penalty_weight is not None and (
            grad_penalty.device.type != "cpu" or grad_penalty.item() != 1
        ):
            penalty_weight = penalty_weight * grad_penalty
        scale = beta_per_weight(beta, views)
        grad = concatenate([view.flatten(one) for view, one in zip(views, grad_soft, strict=True)])
        grad_weight, grad_mapping = torch.empty_like(weight), torch.empty_like(mapping)
        grad_betas = torch.empty_like(mapping) if ctx.needs_input_grad[2] else None
        inputs = (grad, weight, mapping, relevance, scale, penalty_weight)
        outputs = (grad_weight, grad_mapping, grad_betas)
        for g, w, m, r, b, p, out_w, out_m, out_b in _chunks(*inputs, *outputs):
            # out_m becomes the gradient of the relevance, of the sigmoid's argument, of the mapping
            torch.mul(g, w, out=out_m) if p is None else torch.addcmul(p, g, w, out=out_m)
            torch.ops.aten.sigmoid_backward.grad_input(out_m, r, grad_input=out_m)
            if out_b is not None:
                torch.mul(out_m, m - 0.5, out=out_b)
            out_m.mul_(b)
            torch.mul(g, r, out=out_w)
        grad_beta = None
        if grad_betas is not None:
            grad_beta = torch.stack([view.slice(grad_betas).sum() for view in views])
        parts = (*torch.split(grad_weight, ctx.sizes), *torch.split(grad_mapping, ctx.sizes))
        return None, None, grad_beta, *parts


def concatenate(flat: Sequence[Tensor]) -> Tensor:
    """Concatenate flat tensors (n,); a single one is returned as it is."""
    return flat[0] if len(flat) == 1 else torch.cat(list(flat))


def beta_per_weight(beta: Tensor, views: Sequence[FlatView]) -> Tensor:
    """Expand one beta per layer to one per weight.

    Args:
        beta: a scalar, which is returned as it is, or one per layer, (layers,).
        views: of the layers.

    Returns:
        A scalar, or one per weight, (n,).
    """
    if beta.dim() == 0:
        return beta
    sizes = torch.tensor([view.shape.numel() for view in views], device=beta.device)
    return beta.repeat_interleave(sizes, output_size=views[-1].end)  # saves a GPU the sum of sizes


def _chunks(first: Tensor, *others: Tensor | None) -> Iterator[tuple[Any, ...]]:
    """Flat tensors (n,) in chunks that fit a processor's cache; whole for a GPU.

    None and scalars are repeated with every chunk.
    """
    tensors = (first, *others)
    if first.device.type != "cpu" or len(first) <= CACHE_SIZE:
        yield tensors
        return
    yield from zip(
        *(repeat(t) if t is None or t.dim() == 0 else torch.split(t, CACHE_SIZE) for t in tensors),
        strict=False,
    )
