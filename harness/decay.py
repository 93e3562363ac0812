"""The learning-rate schedule of a profile, the same for every method of a comparison."""

from __future__ import annotations

import math
from typing import Any

from avalanche.training.plugins import SupervisedPlugin


class CosineDecay(SupervisedPlugin):
    """Lowers each parameter group's learning rate to zero along half a cosine, anew for each task.

    Loshchilov & Hutter 2017, Equation 5, without warm restarts inside a task.
    """

    def __init__(self) -> None:
        super().__init__()
        self._initial: list[float] = []
        self._step = 0
        self._steps = 1

    def before_training_exp(self, strategy: Any, **kwargs: Any) -> None:
        """Note the learning rates and the number of steps of the task."""
        self._initial = [group["lr"] for group in strategy.optimizer.param_groups]
        self._step, self._steps = 0, strategy.train_epochs * len(strategy.dataloader)

    def before_training_iteration(self, strategy: Any, **kwargs: Any) -> None:
        """Set the step's learning rate."""
        factor = (1 + math.cos(math.pi * self._step / self._steps)) / 2
        for group, initial in zip(strategy.optimizer.param_groups, self._initial, strict=True):
            group["lr"] = initial * factor
        self._step += 1

    def after_training_exp(self, strategy: Any, **kwargs: Any) -> None:
        """Put the learning rates back."""
        for group, initial in zip(strategy.optimizer.param_groups, self._initial, strict=True):
            group["lr"] = initial
