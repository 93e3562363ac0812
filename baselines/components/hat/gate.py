"""The gate of hard attention to the task."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rmn.tasks.layers import TaskLayer


class Gate(TaskLayer):
    """Multiplies hidden units by sigmoid(scale * embedding of the task) (Serra 2018, Equation 1).

    Args:
        units: number of hidden units; of a convolution, its channels.
        smax: largest scale.

    Attributes:
        embedding: embedding of the live task, (units,).
        scale: s; the gates are nearly linear in the embedding where it is small, and nearly binary
            where it is large.
        finished: gates of the finished tasks at the largest scale, (tasks, units).
    """

    finished: Tensor

    def __init__(self, units: int, smax: float) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(units))
        self.smax = smax
        self.scale = smax
        self.register_buffer("finished", torch.empty(0, units))

    def gates(self) -> Tensor:
        """Gates of the live task, (units,)."""
        return torch.sigmoid(self.scale * self.embedding)

    def cumulative(self) -> Tensor:
        """Largest gate of any finished task, (units,); zeros before the first (Equation 2)."""
        if not len(self.finished):
            return torch.zeros_like(self.embedding)
        return self.finished.amax(0)

    def forward_task(self, x: Tensor, task: int | None) -> Tensor:
        """Gated units under one task, in the shape of `x`.

        Args:
            x: (n, units) or (n, units, height, width).
            task: index of a finished task; None for the live task.
        """
        gates = self.gates() if task is None else self.finished[task]
        gates = gates.to(x.dtype)  # a product of two types is slow, and float32
        return x * gates.reshape(-1, *(1,) * (x.dim() - 2))

    @torch.no_grad()
    def begin_task(self) -> None:
        """Draw a new embedding from N(0, 1)."""
        self.embedding.normal_()

    @torch.no_grad()
    def live_row(self) -> Tensor:
        """Gates of the live task at the largest scale, (units,)."""
        return torch.sigmoid(self.smax * self.embedding)

    def finish_task(self) -> None:
        """Store the gates at the largest scale, which is the live one from now on."""
        self.scale = self.smax
        super().finish_task()
