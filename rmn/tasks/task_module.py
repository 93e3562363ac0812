"""What a network asks of each of its modules that compute another function for each task."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn


class TaskModule(nn.Module):
    """A module with one function per task.

    It has one live set of parameters, those of the task that is being learned: they stay the same
    objects, so an optimizer made once stays valid. What determines the functions of finished tasks
    is stored beside them.

    Attributes:
        task: index of the finished task whose function is computed; None for the live task.
        mixture: mixture weights of the finished tasks, the same row for each input, (n, tasks), or
            None. If set, the layer computes the weighted sum of the tasks' outputs (SupSup,
            Wortsman et al. 2020, Section 3.3), and the gradient of a row is that of its input.
    """

    task: int | None = None
    mixture: Tensor | None = None

    @abstractmethod
    def forward_task(self, x: Any, task: int | None) -> Any:
        """Output under one task.

        Args:
            x: inputs, (n, ...).
            task: index of a finished task; None for the live task.
        """

    def forward_mixture(self, x: Tensor, weights: Tensor) -> Tensor:
        """Weighted sum of the outputs under all finished tasks.

        Args:
            x: inputs, (n, ...).
            weights: mixture weights, the same row for each input, (n, tasks).
        """
        outputs = [self.forward_task(x, task) for task in range(weights.shape[1])]
        weights = weights.reshape(*weights.shape, *(1,) * (outputs[0].dim() - 1))
        weighted = [weights[:, task] * output for task, output in enumerate(outputs)]
        return torch.stack(weighted).sum(0)

    @abstractmethod
    def begin_task(self) -> None:
        """Initialise the live parameters for a new task."""

    @abstractmethod
    def finish_task(self) -> None:
        """Append the live task to the finished ones."""

    @abstractmethod
    def task_tensors(self, task: int) -> list[Tensor]:
        """All tensors that determine the output under a finished task."""

    @abstractmethod
    def inference_tensors(self, *, live: bool) -> list[Tensor]:
        """All tensors that the outputs of all tasks are made from.

        What only learning needs, such as the live parameters, is not among them.

        Args:
            live: whether to add what `finish_task` would store of the live task.
        """

    def inner_modules(self) -> Iterable[nn.Module]:
        """Modules inside this one whose tensors it does not speak for."""
        return ()
