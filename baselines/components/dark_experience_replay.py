"""Dark experience replay as an Avalanche plugin.

Avalanche 0.6.0 ships one as a strategy of its own. Its losses are over all outputs, its network has
no task labels, and its loader takes stored examples one at a time.
"""

from __future__ import annotations

from typing import Any

import torch
from avalanche.models import avalanche_forward
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor

from baselines.components.batches import batches
from baselines.components.episodic_memory import AT_ONCE, EpisodicMemoryPlugin
from baselines.components.losses import outputs_in_loss
from baselines.components.rehearsing import MemoryBudget


class DarkExperienceReplayPlugin(EpisodicMemoryPlugin):
    """Buzzega et al. 2020: stored examples keep their logits, and their classes (Equation 6).

    The loss is that of the new examples + alpha * `squared_distance` of the logits of stored ones
    from what they were when their task was learned + beta * the loss of other stored ones. With
    neither, the training is plain fine-tuning, bit for bit.

    Args:
        budget: see `EpisodicMemoryPlugin`.
        alpha: weight of the logits.
        beta: weight of the classes.
        sample: stored examples of each of the two parts; None for as many as there are new ones.

    Attributes:
        logits: of the examples kept of each task, (n, outputs).
        outputs: numbers of the outputs that the loss was over when each task was learned.
    """

    def __init__(
        self, budget: MemoryBudget, *, alpha: float, beta: float, sample: int | None = None
    ) -> None:
        super().__init__(budget)
        self.alpha = alpha
        self.beta = beta
        self.sample = sample
        self.logits: list[Tensor] = []
        self.outputs: list[Tensor] = []

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Gather the logits as well, and which of them count."""
        super().before_training_exp(strategy, **kwargs)
        if self.columns:
            counted = [torch.zeros_like(logits) for logits in self.logits]
            for own, outputs in zip(counted, self.outputs, strict=True):
                own[:, outputs] = 1
            self.columns += [torch.cat(self.logits), torch.cat(counted)]

    def before_backward(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Add the losses of stored examples."""
        if not self.columns or not (self.alpha or self.beta):
            return
        size = self.sample or len(strategy.mb_y)
        first, second = self.draw(size), self.draw(size)
        x, _, task_labels = (torch.cat(pair) for pair in zip(first[:3], second[:3], strict=True))
        answers = avalanche_forward(strategy.model, x, task_labels)
        distance = squared_distance(answers[:size], *first[3:])
        classified = strategy._criterion(answers[size:], second[1])
        strategy.loss = strategy.loss + self.alpha * distance + self.beta * classified

    def cut(self, most: int) -> None:
        """Forget the logits of the examples that are forgotten as well; see the base class."""
        super().cut(most)
        self.logits = [logits[:most] for logits in self.logits]

    @torch.no_grad()
    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Keep examples of the task and what the network says of them, as it would at test."""
        super().after_training_exp(strategy, **kwargs)
        self.outputs.append(outputs_in_loss(strategy))
        strategy.model.eval()
        parts = batches(self.kept[-1], AT_ONCE, strategy.device)
        answers = [avalanche_forward(strategy.model, x, labels) for x, _, labels in parts]
        self.logits.append(torch.cat(answers).float())
        strategy.model.train()


def squared_distance(logits: Tensor, targets: Tensor, counted: Tensor) -> Tensor:
    """The mean squared difference of the logits that count, a scalar.

    Args:
        logits: (n, outputs).
        targets: (n, outputs).
        counted: 1 for those that count, 0 for the others, (n, outputs).
    """
    return ((logits - targets).square() * counted).sum() / counted.sum()
