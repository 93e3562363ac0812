"""What SI and RWalk have in common: how much each weight's steps have lowered the loss."""

from __future__ import annotations

from typing import Any

import torch
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor

from baselines.components.importance_penalty import ImportancePenaltyPlugin, learned


class PathIntegralPlugin(ImportancePenaltyPlugin):
    """Sums minus gradient times step over the steps (Zenke et al. 2017, Equation 3).

    The gradient is that of the task's loss alone: the penalty's is added after it was noted.

    Args:
        strength: of the penalty.

    Attributes:
        path: the sums, by weight; a subclass begins them, at zero.
        gradient: of the present step, by weight; weights without one are left out.
    """

    def __init__(self, strength: float) -> None:
        super().__init__(strength)
        self.path: dict[str, Tensor] = {}
        self.gradient: dict[str, Tensor] = {}
        self._before: dict[str, Tensor] = {}

    @torch.no_grad()
    def before_update(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Note gradients and weights before the step, then add the penalty's gradient."""
        moving = {n: w for n, w in learned(strategy).items() if w.grad is not None}
        self.gradient = {n: w.grad.clone() for n, w in moving.items() if w.grad is not None}
        self._before = {name: weight.detach().clone() for name, weight in moving.items()}
        super().before_update(strategy, **kwargs)

    @torch.no_grad()
    def after_update(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Add the step to the path integral."""
        weights = learned(strategy)
        for name, gradient in self.gradient.items():
            step = weights[name] - self._before[name]
            self.path[name].addcmul_(gradient, step, value=-1)

    def end_path(self) -> None:
        """Drop what is of use within a task alone."""
        self.path, self.gradient, self._before = {}, {}, {}
