"""Memory aware synapses as an Avalanche plugin."""

from __future__ import annotations

from typing import Any

import torch
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor

from baselines.components.importance_penalty import (
    ImportancePenaltyPlugin,
    examples,
)
from baselines.components.losses import without_others
from baselines.components.per_example_gradients import mean_over_examples


class MemoryAwareSynapsesPlugin(ImportancePenaltyPlugin):
    """Aljundi et al. 2018: a weight is as important as the outputs are sensitive to it.

    Section 4.1: a task's importances are the mean over its examples of the magnitude of each one's
    gradient of the squared L2 norm of the outputs, (1/N) sum of |d ||F(x)||² / d weight|. Outputs
    are the logits, as in the authors' code, that the loss is over; which class is the right one
    plays no part. Importances are added to those of earlier tasks, and the penalty is
    lambda * sum of importance * (weight - weight after the last task)².

    Args:
        strength: lambda of the penalty.
    """

    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Add the importances of the task that was learned."""

        def squared_norm(logits: Tensor, classes: Tensor) -> Tensor:
            return without_others(strategy, logits, classes, 0.0).square().sum()

        own = mean_over_examples(strategy.model, examples(strategy), squared_norm, torch.abs)
        self.add_importance(own)
        self.drop_anchor(strategy)
