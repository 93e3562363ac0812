"""What EWC, SI, RWalk and MAS have in common: an importance and an anchor for every weight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn

from baselines.components.batches import Batch, batches
from baselines.components.quadratic_penalty import pull_back


class ImportancePenaltyPlugin(SupervisedPlugin):
    """Pulls each weight to where earlier tasks had it, as hard as it was important to them.

    Subclasses say after a task what importances and anchors are. A weight that is new, such as that
    of a later task's output layer, has none, and one that the present task does not use is left
    alone. At strength 0 the training is plain fine-tuning, bit for bit.

    Args:
        strength: of the penalty, strength * sum of importance * (weight - anchor)².
    """

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.strength = strength
        self.importance: dict[str, Tensor] = {}
        self.anchor: dict[str, Tensor] = {}

    def before_update(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Add the penalty's gradient; the loss stays the task's alone."""
        pull_back(learned(strategy), self.anchor, self.importance, self.strength)

    @torch.no_grad()
    def add_importance(self, own: dict[str, Tensor], kept: float = 1.0) -> None:
        """Add a task's importances to those of the earlier ones.

        Args:
            own: of that task, by weight; a weight may be missing.
            kept: what the earlier ones are multiplied with.
        """
        for earlier in self.importance.values():
            earlier *= kept
        for name, value in own.items():
            self.importance[name] = self.importance.get(name, 0) + value

    def drop_anchor(self, strategy: SupervisedTemplate) -> None:
        """From now on weights are pulled to where they are."""
        self.anchor = {name: w.detach().clone() for name, w in learned(strategy).items()}


def learned(strategy: SupervisedTemplate) -> dict[str, nn.Parameter]:
    """The weights of a strategy's model that are learned, by name."""
    named = strategy.model.named_parameters()
    return {name: weight for name, weight in named if weight.requires_grad}


def examples(strategy: SupervisedTemplate) -> Iterator[Batch]:
    """The examples of the task in training, in order, in batches of training's size."""
    return batches(strategy.experience.dataset, strategy.train_mb_size, strategy.device)
