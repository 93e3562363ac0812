"""A BatchNorm for all tasks that is learned with the first."""

from __future__ import annotations

import torch
from torch import Tensor

from rmn.tasks.layers import TaskBatchNorm


class FirstTaskBatchNorm(TaskBatchNorm):
    """Normalises every task by the statistics, scales and shifts of the first; (n, channels, ...).

    Args:
        norm: becomes the BatchNorm of the first task.
    """

    def forward_task(self, x: Tensor, task: int | None) -> Tensor:
        """Normalised inputs, (n, channels, ...).

        Args:
            x: inputs, (n, channels, ...).
            task: any; what is learned once is there for all.
        """
        return super().forward_task(x, 0 if len(self.finished) else None)

    def forward_mixture(self, x: Tensor, weights: Tensor) -> Tensor:
        """The same whatever the tasks are mixed by.

        Args:
            x: inputs, (n, channels, ...).
            weights: mixture weights, (n, tasks), which sum to one.
        """
        return self.forward_task(x, None)

    def task_tensors(self, task: int) -> list[Tensor]:
        """What was learned with the first task."""
        return super().task_tensors(0)

    def inference_tensors(self, *, live: bool) -> list[Tensor]:
        """What was, or is, learned with the first task.

        Args:
            live: whether a task is being learned.
        """
        return super().inference_tensors(live=live and not len(self.finished))

    def begin_task(self) -> None:
        """Do nothing: the first task begins with a new layer, and others learn nothing here."""

    @torch.no_grad()
    def finish_task(self) -> None:
        """Keep what the first task learned."""
        if not len(self.finished):
            super().finish_task()
