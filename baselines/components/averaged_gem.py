"""Averaged gradient episodic memory as an Avalanche plugin.

Avalanche 0.6.0 ships one, which leaves out of the projection what the present task does not use,
such as the heads of earlier tasks, and draws from Python's own random numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from avalanche.models import avalanche_forward
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn

from baselines.components.episodic_memory import EpisodicMemoryPlugin
from baselines.components.importance_penalty import learned


class AveragedGEMPlugin(EpisodicMemoryPlugin):
    """Chaudhry et al. 2019: no step, to first order, raises the mean loss on stored examples.

    Args:
        sample: stored examples of each step's reference gradient; all if there are fewer.
        per_task: see `EpisodicMemoryPlugin`.
        per_class: see `EpisodicMemoryPlugin`.
        seed: see `EpisodicMemoryPlugin`.
    """

    def __init__(self, *, sample: int, per_task: int, per_class: int | None, seed: int) -> None:
        super().__init__(per_task=per_task, per_class=per_class, seed=seed)
        self.sample = sample

    def before_update(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Project the gradient where it is against that of the stored examples."""
        if not self.columns:
            return
        x, y, task_labels = self.draw(min(self.sample, len(self.columns[0])))
        weights = learned(strategy)
        loss = strategy._criterion(avalanche_forward(strategy.model, x, task_labels), y)
        found = torch.autograd.grad(loss, list(weights.values()), allow_unused=True)
        named = zip(weights, found, strict=True)
        project(weights, {name: gradient for name, gradient in named if gradient is not None})


@torch.no_grad()
def project(weights: Mapping[str, nn.Parameter], reference: Mapping[str, Tensor]) -> None:
    """Take out of the gradients what is against a reference (Chaudhry et al. 2019, Equation 11).

    With gradient g and reference r, where g·r < 0, the gradient becomes g - (g·r / r·r) r, which is
    orthogonal to the reference.

    Args:
        weights: by name; one without a gradient has one of zeros.
        reference: gradients by the weights' names; one that is missing is of zeros.
    """
    against = sum(
        (gradient * own).sum()
        for name, gradient in reference.items()
        if (own := weights[name].grad) is not None
    )
    if against >= 0:
        return
    share = against / sum(gradient.square().sum() for gradient in reference.values())
    for name, gradient in reference.items():
        weight = weights[name]
        if weight.grad is None:
            weight.grad = torch.zeros_like(weight)
        weight.grad.sub_(share * gradient)
