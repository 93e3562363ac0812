"""Riemannian walk as an Avalanche plugin.

Avalanche 0.6.0 ships one. It takes a second gradient for each step, in evaluation mode; lets
changes that raised the loss lower a score; and carries intervals on into the next task.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor

from baselines.components.importance_penalty import learned
from baselines.components.path_integral import PathIntegralPlugin


class RiemannianWalkPlugin(PathIntegralPlugin):
    """Chaudhry et al. 2018: importance is what EWC and SI hold for it, each from 0 to 1.

    Fisher information (EWC++): with each step, F = alpha * gradient² + (1 - alpha) * F, throughout
    the stream. Score: in each interval of steps, by how much a weight lowered the loss, over how
    far it moved the predictions, 1/2 F step² + eps; of these ratios those above zero are summed
    over the task, and each task's sum is averaged with that of the tasks before it. After a task
    both are brought to [0, 1] over all weights together, and added. Gradients are those of the loss
    without the penalty.

    Args:
        strength: lambda of the penalty.
        alpha: share of the newest gradient in the Fisher information.
        interval: steps between two ratios.
        eps: that keeps the ratio finite.
    """

    def __init__(self, *, strength: float, alpha: float, interval: int, eps: float) -> None:
        super().__init__(strength)
        self.alpha = alpha
        self.interval = interval
        self.eps = eps
        self.fisher: dict[str, Tensor] = {}
        self.score: dict[str, Tensor] = {}
        self._steps = 0
        self._of_task: dict[str, Tensor] = {}
        self._start: dict[str, Tensor] = {}

    @torch.no_grad()
    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Start the task's score and its first interval."""
        weights = learned(strategy)
        self._steps = 0
        self._of_task = {name: torch.zeros_like(weight) for name, weight in weights.items()}
        self.path = {name: torch.zeros_like(weight) for name, weight in weights.items()}
        self._start = {name: weight.detach().clone() for name, weight in weights.items()}

    @torch.no_grad()
    def before_update(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Note gradients and weights, add the penalty, and update the Fisher information."""
        super().before_update(strategy, **kwargs)
        for name, gradient in self.gradient.items():
            fisher = self.fisher.setdefault(name, gradient.square())
            fisher.lerp_(gradient.square(), self.alpha)

    @torch.no_grad()
    def after_update(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Add what the step did to the interval, and end that when its time has come."""
        super().after_update(strategy, **kwargs)
        self._steps += 1
        if self._steps % self.interval == 0:
            self._end_interval(strategy)

    @torch.no_grad()
    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Turn scores and Fisher information into importance."""
        if self._steps % self.interval:
            self._end_interval(strategy)
        for name, own in self._of_task.items():
            self.score[name] = (self.score[name] + own) / 2 if name in self.score else own
        scores, fisher = from_zero_to_one(self.score), from_zero_to_one(self.fisher)
        self.importance = {name: value + scores[name] for name, value in fisher.items()}
        self.drop_anchor(strategy)
        self._of_task, self._start = {}, {}
        self.end_path()

    def _end_interval(self, strategy: SupervisedTemplate) -> None:
        for name, weight in learned(strategy).items():
            if name in self.fisher:
                moved = (weight - self._start[name]).square()
                ratio = self.path[name] / (self.fisher[name] * moved / 2 + self.eps)
                self._of_task[name] += ratio.clamp(min=0)
            self._start[name] = weight.detach().clone()
            self.path[name].zero_()


def from_zero_to_one(values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Values of all weights, the smallest as 0 and the largest as 1; zeros if they are the same."""
    low = torch.stack([value.min() for value in values.values()]).min()
    high = torch.stack([value.max() for value in values.values()]).max()
    spread = torch.where(high > low, high - low, 1)
    return {name: (value - low) / spread for name, value in values.items()}
