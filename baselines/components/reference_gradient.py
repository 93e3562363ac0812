"""What A-GEM and MEGA have in common: each step looks at the gradient of stored examples."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from avalanche.models import avalanche_forward
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn

from baselines.components.episodic_memory import EpisodicMemoryPlugin
from baselines.components.importance_penalty import learned
from baselines.components.rehearsing import MemoryBudget

Gradients = Mapping[str, Tensor]
"""By the weights' names, shapes of the weights; one that is missing is of zeros."""


class ReferenceGradientPlugin(EpisodicMemoryPlugin):
    """Combines the gradient of each batch with that of the mean loss of stored examples.

    Args:
        budget: see `EpisodicMemoryPlugin`.
        sample: stored examples of each step's reference gradient; all if there are fewer.
    """

    def __init__(self, budget: MemoryBudget, *, sample: int) -> None:
        super().__init__(budget)
        self.sample = sample

    def before_update(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Change the gradients, once there are examples of earlier tasks."""
        if not self.columns:
            return
        x, y, task_labels = self.draw(min(self.sample, len(self.columns[0])))
        weights = learned(strategy)
        strategy.model.train(len(x) > 1)  # a BatchNorm has no statistics of one example
        loss = strategy._criterion(avalanche_forward(strategy.model, x, task_labels), y)
        strategy.model.train()
        found = torch.autograd.grad(loss, list(weights.values()), allow_unused=True)
        named = zip(weights, found, strict=True)
        reference = {name: gradient for name, gradient in named if gradient is not None}
        self.combine(weights, reference, strategy.loss.detach(), loss.detach())

    @abstractmethod
    def combine(
        self,
        weights: Mapping[str, nn.Parameter],
        reference: Gradients,
        loss: Tensor,
        reference_loss: Tensor,
    ) -> None:
        """Change the gradients of the weights.

        Args:
            weights: by name; one without a gradient has one of zeros.
            reference: gradient of the loss of stored examples.
            loss: of the batch, a scalar.
            reference_loss: of the stored examples, a scalar.
        """


def product(weights: Mapping[str, nn.Parameter], reference: Gradients) -> Tensor:
    """The inner product of the gradients of the weights with others, a scalar.

    Args:
        weights: by name; one without a gradient has one of zeros.
        reference: of weights with these names.
    """
    terms = [
        (gradient * own).sum()
        for name, gradient in reference.items()
        if (own := weights[name].grad) is not None
    ]
    return sum(terms, torch.zeros(()))


def squared_norm(gradients: Gradients) -> Tensor:
    """The sum of the squares of all gradients, a scalar."""
    return torch.stack([gradient.square().sum() for gradient in gradients.values()]).sum()


def add_to_gradients(weights: Mapping[str, nn.Parameter], others: Gradients, share: Tensor) -> None:
    """Add a share of other gradients to those of the weights.

    Args:
        weights: by name; one without a gradient has one of zeros.
        others: of weights with these names.
        share: a scalar.
    """
    for name, other in others.items():
        weight = weights[name]
        if weight.grad is None:
            weight.grad = torch.zeros_like(weight)
        weight.grad.add_(share * other)
