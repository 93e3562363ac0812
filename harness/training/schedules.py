"""The learning-rate schedules of the profiles, the same for every method of a comparison."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import torch
from avalanche.models import avalanche_forward
from avalanche.training.plugins import SupervisedPlugin
from torch.optim.lr_scheduler import ReduceLROnPlateau

from harness.data.datasets import TaskData

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

_BATCH: Final = 2500


class CosineDecay(SupervisedPlugin):
    """Lowers each parameter group's learning rate to zero along half a cosine, anew for each task.

    Loshchilov & Hutter 2017, Equation 5, without warm restarts inside a task.
    """

    def __init__(self) -> None:
        super().__init__()
        self._initial: list[float] = []
        self._step = 0
        self._steps = 1

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Note the learning rates and the number of steps of the task."""
        self._initial = [group["lr"] for group in strategy.optimizer.param_groups]
        self._step, self._steps = 0, strategy.train_epochs * len(strategy.dataloader)

    def before_training_iteration(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Set the step's learning rate."""
        factor = (1 + math.cos(math.pi * self._step / self._steps)) / 2
        for group, initial in zip(strategy.optimizer.param_groups, self._initial, strict=True):
            group["lr"] = initial * factor
        self._step += 1

    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Put the learning rates back."""
        for group, initial in zip(strategy.optimizer.param_groups, self._initial, strict=True):
            group["lr"] = initial


class PlateauDecay(SupervisedPlugin):
    """Divides the learning rate by three when the loss on held-out data has stopped falling.

    Paper, Supplement Section 3.2, as Serra et al. 2018 have it: Adam starts each task anew.

    Args:
        held_out: data of each task that are not trained on, in the order of the stream.
        patience: epochs without a lower loss before the division.
    """

    def __init__(self, held_out: Sequence[TaskData], patience: int) -> None:
        super().__init__()
        self.held_out = held_out
        self.patience = patience
        self._initial: list[float] = []
        self._schedule: ReduceLROnPlateau | None = None
        self._tasks: list[int] = []

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Start the task's schedule."""
        self._initial = [group["lr"] for group in strategy.optimizer.param_groups]
        self._schedule = ReduceLROnPlateau(
            strategy.optimizer, factor=1 / 3, patience=self.patience, threshold=0
        )
        self._tasks = sorted(set(map(int, strategy.adapted_dataset.targets_task_labels)))

    @torch.no_grad()
    def after_training_epoch(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Step the schedule by the mean of the strategy's loss on the tasks' held-out data."""
        assert self._schedule is not None
        strategy.model.eval()
        losses = [self._loss(strategy, task) for task in self._tasks]
        strategy.model.train()
        self._schedule.step(sum(losses) / len(losses))

    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Put the learning rates back."""
        for group, initial in zip(strategy.optimizer.param_groups, self._initial, strict=True):
            group["lr"] = initial
        self._schedule = None  # it holds the optimizer, whose state a checkpoint leaves out

    def _loss(self, strategy: SupervisedTemplate, task: int) -> float:
        data = self.held_out[task]
        x, y = data.inputs().to(strategy.device), data.images.labels.to(strategy.device)
        logits = [
            avalanche_forward(strategy.model, part, y.new_full((len(part),), task))
            for part in torch.split(x, _BATCH)
        ]
        return float(strategy._criterion(torch.cat(logits), y))
