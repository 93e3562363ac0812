"""An output layer whose weights are Gaussian, one for each task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rmn.tasks.layers import TaskLayer

_FIRST_SPREAD: Final = 0.1
"""Standard deviation of the first weights, and that of their means."""


class GaussianHead(TaskLayer):
    """An output layer with a Gaussian over the weights of each output; x: (n, d) -> (n, outputs).

    In training the outputs of the live task are drawn by their own distribution, which is Gaussian
    as well; otherwise they are the mean ones. Outputs that a task does not have are 0.

    Args:
        layer: gives the shape and the device.
        width: outputs of the task that has most.

    Attributes:
        mean: of the live task's weights, (width, d).
        factor: lower triangular factor of their covariances, (width, d, d).
        open: numbers of the live task's outputs, one for each of the first rows of the mean.
        finished: mean weights of the finished tasks, (tasks, outputs, d).
    """

    finished: Tensor
    open: Tensor

    def __init__(self, layer: nn.Linear, width: int) -> None:
        super().__init__()
        features, device = layer.in_features, layer.weight.device
        self.outputs = layer.out_features
        self.mean = nn.Parameter(torch.empty(width, features, device=device))
        self.factor = nn.Parameter(torch.empty(width, features, features, device=device))
        self.register_buffer("open", torch.arange(width, device=device))
        self.register_buffer("finished", self.mean.new_empty(0, self.outputs, features))
        self.begin_task()

    def forward_task(self, x: Tensor, task: int | None) -> Tensor:
        """Outputs under one task, (n, outputs)."""
        if task is not None:
            return F.linear(x, self.finished[task])
        mean, factor = self.live()
        own = F.linear(x, mean)
        if self.training:
            deviation = torch.einsum("nd,kde->nke", x, factor).norm(dim=2)
            own = own + deviation * torch.randn_like(own)
        return own.new_zeros(len(x), self.outputs).index_copy(1, self.open, own)

    def live(self) -> tuple[Tensor, Tensor]:
        """Mean (k, d) and factor (k, d, d) of the weights of the live task's outputs."""
        return self.mean[: len(self.open)], self.factor[: len(self.open)].tril()

    def divergence(self, variance: float) -> Tensor:
        """KL divergence of the live task's weights from N(0, variance I), over all outputs."""
        mean, factor = self.live()
        squares = factor.square().sum() + mean.square().sum()
        log_volume = 2 * factor.diagonal(dim1=1, dim2=2).abs().log().sum()
        constant = mean.numel() * (torch.log(squares.new_tensor(variance)) - 1)
        return (squares / variance + constant - log_volume) / 2

    def open_outputs(self, outputs: Sequence[int]) -> None:
        """Say which outputs the live task has."""
        self.open = torch.tensor(list(outputs), device=self.mean.device)

    @torch.no_grad()
    def begin_task(self) -> None:
        """Draw the live weights' means anew, and make their covariances small."""
        nn.init.normal_(self.mean, std=_FIRST_SPREAD)
        self.factor.copy_(_FIRST_SPREAD * torch.eye(self.factor.shape[1]))

    @torch.no_grad()
    def live_row(self) -> Tensor:
        """The live mean weights, (outputs, d)."""
        row = self.mean.new_zeros(self.outputs, self.mean.shape[1])
        return row.index_copy(0, self.open, self.live()[0])
