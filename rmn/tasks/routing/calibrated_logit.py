"""A router that standardises the largest logit under each task."""

from __future__ import annotations

import torch
from torch import Tensor

from rmn.tasks.routing.router import OutputsPerTask, Router, append_rows


class CalibratedLogit(Router):
    """Max-logit as a standard score: relative to its distribution on the task's training data.

    Args:
        outputs: number of classes over all tasks; not used.

    Attributes:
        scale: mean and standard deviation of the largest logit, (tasks, 2).
    """

    scale: Tensor

    def __init__(self, outputs: int) -> None:
        super().__init__(outputs)
        self.register_buffer("scale", torch.empty(0))
        self._largest: list[Tensor] = []

    def begin_task(self) -> None:
        """Begin a new task with no example."""
        self._largest = []

    def partial_fit(self, x: Tensor, y: Tensor, network: OutputsPerTask) -> None:
        """Add the largest logits of a batch under the newest task.

        Args:
            x: inputs, (n, ...).
            y: classes, (n,); not used.
            network: gives the logits.
        """
        self._largest.append(network.logits_per_task(x)[-1].amax(-1))

    def finish_task(self) -> None:
        """Store mean and standard deviation of the largest logits."""
        deviation, mean = torch.std_mean(torch.cat(self._largest))
        self.scale = append_rows(self.scale, torch.stack([mean, deviation.clamp_min(1e-6)])[None])
        self._largest = []

    def scores(self, x: Tensor, network: OutputsPerTask) -> Tensor:
        """Standard scores of the largest logits, (tasks, n).

        Args:
            x: inputs, (n, ...).
            network: gives the logits.
        """
        mean, deviation = self.scale.unbind(1)
        return (network.logits_per_task(x).amax(-1) - mean[:, None]) / deviation[:, None]
