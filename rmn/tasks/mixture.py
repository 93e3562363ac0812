"""Gradients with respect to the weights of a mixture of the tasks' functions.

A weighted sum of linear layers is one linear layer, so a mixture with the same weights for every
input costs as much as one task. SupSup's one-shot rule asks for the gradient with respect to the
tasks' weights for each input alone; it follows from the input of each layer and the gradient of its
output.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


def with_per_example_gradient(
    x: Tensor, output: Tensor, weights: Tensor, gradient: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    """The output of a mixture, with a gradient of the mixture weights for each example.

    Args:
        x: input of the layer, (n, ...).
        output: output of the layer under the mixture, (n, ...); it is marked in place, not copied.
        weights: weights of the tasks, one row for each example, (n, tasks).
        gradient: computes the gradient with respect to `weights`, (n, tasks), from `x` and the
            gradient with respect to `output`.
    """
    marked: Tensor = _PerExampleGradient.apply(x.detach(), output, weights, gradient)
    return marked


def mix_scales_and_shifts(x: Tensor, weights: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """The weighted sum over tasks of x * scale + shift, as one scale and shift per channel.

    Args:
        x: inputs, (n, channels, ...).
        weights: mixture weights, the same row for each input, (n, tasks).
        scale: of each task, (tasks, channels).
        shift: likewise.
    """

    def gradient(x: Tensor, grad_output: Tensor) -> Tensor:
        by_scale = (grad_output * x)[..., None].flatten(2).sum(-1) @ scale.T
        return by_scale + grad_output[..., None].flatten(2).sum(-1) @ shift.T

    over_tasks, channels = weights[0].detach(), (-1, *(1,) * (x.dim() - 2))
    output = x * (over_tasks @ scale).reshape(channels)
    output = output + (over_tasks @ shift).reshape(channels)
    return with_per_example_gradient(x, output, weights, gradient)


class _PerExampleGradient(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        output: Tensor,
        weights: Tensor,
        gradient: Callable[[Tensor, Tensor], Tensor],
    ) -> Tensor:
        ctx.save_for_backward(x)  # autograd then raises if x was changed in place
        ctx.gradient = gradient
        ctx.mark_dirty(output)
        return output

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[None, Tensor, Tensor, None]:
        return None, grad_output, ctx.gradient(*ctx.saved_tensors, grad_output), None


def per_example_kernel_gradients(
    x: Tensor,
    grad_output: Tensor,
    kernel_size: tuple[int, ...],
    *,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
) -> Tensor:
    """Gradient of a 2-d convolution's weight for each example, (n, numel of the weight).

    Args:
        x: input of the convolution, (n, channels, height, width).
        grad_output: gradient with respect to its output, (n, out, height, width).
        kernel_size: height and width of its kernels.
        stride: of the convolution.
        padding: of the convolution.
        dilation: of the convolution.
        groups: of the convolution.
    """
    places = grad_output.shape[2] * grad_output.shape[3]
    patches = F.unfold(x, kernel_size, dilation, padding, stride)
    patches = patches.reshape(len(x), groups, -1, places)
    return (grad_output.reshape(len(x), groups, -1, places) @ patches.mT).flatten(1)
