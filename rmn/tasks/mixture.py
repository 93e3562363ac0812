"""Mixtures of the tasks' functions with the same weights for every input.

A weighted sum of linear layers is one layer, so the mixture itself costs what one task does. What
each task's weight does to each input is all that SupSup's one-shot rule wants to know, and it
follows from what reaches the layer and what comes back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


def mixed(
    x: Tensor, output: Tensor, weights: Tensor, gradient: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    """The output of a mixture whose weights get a gradient for each input.

    Args:
        x: what the layer was given, (n, ...).
        output: of the layer under the mixture, (n, ...); it is marked, not copied.
        weights: of the tasks, one row for each input, (n, tasks).
        gradient: with respect to `weights`, (n, tasks), from `x` and the gradient with respect to
            `output`.
    """
    marked: Tensor = _PerInput.apply(x.detach(), output, weights, gradient)
    return marked


class _PerInput(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        output: Tensor,
        weights: Tensor,
        gradient: Callable[[Tensor, Tensor], Tensor],
    ) -> Tensor:
        ctx.save_for_backward(x)  # autograd then sees to it that nobody changes it in place
        ctx.gradient = gradient
        ctx.mark_dirty(output)
        return output

    @staticmethod
    def backward(ctx: Any, of_output: Tensor) -> tuple[None, Tensor, Tensor, None]:
        return None, of_output, ctx.gradient(*ctx.saved_tensors, of_output), None


def kernel_gradients(
    x: Tensor,
    of_output: Tensor,
    kernel: tuple[int, ...],
    *,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
) -> Tensor:
    """Gradient of a 2-d convolution's weight for each input alone, (n, values of the weight).

    Args:
        x: what the convolution was given, (n, channels, height, width).
        of_output: gradient with respect to its output, (n, out, height, width).
        kernel: height and width of its kernels.
        stride: of the convolution.
        padding: of the convolution.
        dilation: of the convolution.
        groups: of the convolution.
    """
    places = of_output.shape[2] * of_output.shape[3]
    patches = F.unfold(x, kernel, dilation, padding, stride).reshape(len(x), groups, -1, places)
    return (of_output.reshape(len(x), groups, -1, places) @ patches.mT).flatten(1)
