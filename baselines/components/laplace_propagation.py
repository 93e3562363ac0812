"""Diagonal Laplace propagation as an Avalanche plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from avalanche.training.templates import SupervisedTemplate
from torch import Tensor

from baselines.components.distinct_examples import distinct
from baselines.components.elastic_weight_consolidation import OnlinePenaltyPlugin


class LaplacePropagationPlugin(OnlinePenaltyPlugin):
    """Smola et al. 2003 with diagonal precisions: the posterior of a task is the next one's prior.

    The negative log posterior of a task of N examples is the sum of their losses +
    1/2 sum of P (w - w*)², with w* the weights and P the precisions after the task before. Divided
    by N, that is a batch's mean loss and a penalty of strength 1 / (2 N). After the task, P grows
    by N times its Fisher information.

    Args:
        scale: what the precisions are multiplied with in the penalty.
    """

    def __init__(self, scale: float) -> None:
        super().__init__(scale, decay=1.0)
        self.scale = scale
        self._examples = 0

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Weigh the prior against so many examples."""
        self._examples = len(distinct(strategy.experience.dataset))
        self.strength = self.scale / (2 * self._examples)

    def merge(self, weights: Mapping[str, Tensor], fisher: dict[str, Tensor]) -> None:
        """Add the task's information, and centre the posterior at its weights.

        Args:
            weights: by name, after that task.
            fisher: mean over its examples, shapes of the weights.
        """
        super().merge(weights, {name: own * self._examples for name, own in fisher.items()})
