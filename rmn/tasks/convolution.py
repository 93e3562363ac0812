"""A 2-d convolution whose weight is given with each call: it differs from task to task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rmn.tasks.mixture import per_example_kernel_gradients, with_per_example_gradient


@dataclass(frozen=True, slots=True)
class Convolution:
    """What a 2-d convolution is beside its weight; it has no bias.

    Attributes:
        stride: of the kernels.
        padding: zeros around the input, or "same" or "valid".
        dilation: of the kernels.
        groups: of channels.
    """

    stride: tuple[int, ...]
    padding: tuple[int, ...] | str
    dilation: tuple[int, ...]
    groups: int

    @classmethod
    def of(cls, layer: nn.Conv2d) -> Convolution:
        """That of a layer."""
        return cls(layer.stride, layer.padding, layer.dilation, layer.groups)

    def __call__(self, x: Tensor, weight: Tensor) -> Tensor:
        """Output, (n, out, height, width).

        Args:
            x: inputs, (n, in, height, width).
            weight: kernels, (out, in / groups, height, width).
        """
        return F.conv2d(x, weight, None, self.stride, self.padding, self.dilation, self.groups)

    def mixture(
        self, x: Tensor, weights: Tensor, kernels: Callable[[int], Tensor]
    ) -> Tensor | None:
        """The weighted sum of the tasks' outputs as one convolution; None if padding is a word.

        Args:
            x: inputs, (n, in, height, width).
            weights: mixture weights, the same row for each input, (n, tasks).
            kernels: gives those of a task.
        """
        if isinstance(self.padding, str):
            return None
        padding = self.padding
        of_tasks = torch.stack([kernels(task) for task in range(weights.shape[1])]).detach()

        def gradient(x: Tensor, grad_output: Tensor) -> Tensor:
            gradients = per_example_kernel_gradients(
                x,
                grad_output,
                of_tasks.shape[-2:],
                stride=self.stride,
                padding=padding,
                dilation=self.dilation,
                groups=self.groups,
            )
            return gradients @ of_tasks.flatten(1).T

        output = self(x, torch.einsum("t,t...->...", weights[0].detach(), of_tasks))
        return with_per_example_gradient(x, output, weights, gradient)
