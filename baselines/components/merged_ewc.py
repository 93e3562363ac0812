"""EWC's penalties of all tasks in the time and the memory of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from avalanche.training.plugins import EWCPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor

from baselines.components.quadratic_penalty import pull_back


class MergedEWCPlugin(EWCPlugin):
    """Avalanche's EWC with a penalty per task, all of them merged into one.

    A sum of quadratics is a quadratic: sum of F_k (w - w_k)² over the tasks k is F (w - a)² and a
    constant, where F is the sum of the Fisher diagonals F_k and a the mean of the weights w_k after
    each task, weighted by F_k (Huszár, "Note on the quadratic penalties in elastic weight
    consolidation", PNAS 2018). Avalanche keeps F_k and w_k of all tasks and adds all penalties up
    at every step. The gradient is added after the backward pass, so the loss is the task's alone.

    Args:
        ewc_lambda: strength of the penalty.
    """

    def __init__(self, ewc_lambda: float) -> None:
        super().__init__(ewc_lambda, mode="separate")
        self.importance: dict[str, Tensor] = {}
        self.anchor: dict[str, Tensor] = {}

    def before_backward(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Leave the loss as it is."""

    def before_update(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Add the penalty's gradient."""
        weights = dict(strategy.model.named_parameters())
        pull_back(weights, self.anchor, self.importance, self.ewc_lambda)

    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Merge the penalty of the task that was learned into that of the earlier ones."""
        fisher = self.compute_importances(
            strategy.model,
            strategy._criterion,
            strategy.optimizer,
            strategy.experience.dataset,
            strategy.device,
            strategy.train_mb_size,
            num_workers=kwargs.get("num_workers", 0),
        )
        weights = dict(strategy.model.named_parameters())
        self.merge(weights, {name: values.data for name, values in fisher.items()})

    @torch.no_grad()
    def merge(self, weights: Mapping[str, Tensor], fisher: Mapping[str, Tensor]) -> None:
        """Merge one more task's penalty into the present one.

        Args:
            weights: by name, after that task; new names have had no penalty.
            fisher: diagonal of that task's Fisher information, shapes of the weights.
        """
        for name, weight in weights.items():
            own = fisher[name]
            total = own + self.importance.get(name, torch.zeros_like(own))
            share = torch.where(total > 0, own / total, 1)
            self.anchor[name] = torch.lerp(self.anchor.get(name, weight), weight, share)
            self.importance[name] = total
