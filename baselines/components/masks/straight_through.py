"""Gradients for what chooses a mask: those of the mask, as if it were what it was chosen by."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def straight_through(scores: Tensor, mask: Tensor) -> Tensor:
    """The mask in the type of the scores, which get its gradient (Bengio et al. 2013).

    Args:
        scores: what the mask was chosen by.
        mask: bool, in their shape.
    """
    passed: Tensor = _StraightThrough.apply(scores, mask)
    return passed


def largest(values: Tensor, count: int) -> Tensor:
    """Which values are the `count` largest, exactly so many, bool, in their shape."""
    flat = values.detach().reshape(-1)
    chosen = torch.zeros_like(flat, dtype=torch.bool)
    chosen[flat.topk(count, sorted=False).indices] = True
    return chosen.view(values.shape)


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, scores: Tensor, mask: Tensor) -> Tensor:
        return mask.to(scores.dtype)

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None]:
        return grad_output, None
