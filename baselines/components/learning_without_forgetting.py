"""Learning without forgetting as an Avalanche plugin.

Avalanche 0.6.0 ships one. It distils over all outputs that earlier tasks had, whatever the loss is
over; asks a network with parts for each task for the answers of all of them at once, which those of
this package do not give; and moves the statistics of an earlier task's BatchNorm.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from avalanche.models import MultiTaskModule, avalanche_forward
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.components.losses import OwnOutputs, outputs_in_loss


class LearningWithoutForgettingPlugin(SupervisedPlugin):
    """Li & Hoiem 2018: the network's answers to the new examples stay what they were.

    The loss is cross-entropy + alpha * the sum, over the tasks learned, of `distillation` from the
    network as it was before the task. Where tasks have outputs, or parts of the network, of their
    own, each is distilled under its own identity; elsewhere all are one, over the outputs of the
    loss, where the old network gives new classes no probability (van de Ven & Tolias 2019). At
    alpha 0 the training is plain fine-tuning, bit for bit.

    A network with parts for each task answers for an earlier one in evaluation mode, as at test:
    the new examples are not that task's, and would spoil the statistics of its BatchNorm.

    Args:
        alpha: weight of the distillation, the publication's lambda_o.
        temperature: of the softmax.
    """

    def __init__(self, *, alpha: float, temperature: float) -> None:
        super().__init__()
        self.alpha = alpha
        self.temperature = temperature
        self.teacher: nn.Module | None = None
        self.learned: dict[int, Tensor] = {}  # by task label, the numbers of the outputs

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Keep the network as it is while the task is learned."""
        if self.alpha and self.learned:
            self.teacher = copy.deepcopy(strategy.model).eval().requires_grad_(False)

    def before_backward(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Add the distillation to the loss."""
        if self.teacher is not None:
            strategy.loss = strategy.loss + self.alpha * self._distilled(strategy, self.teacher)

    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Count the task among those learned; the next one begins with this very network."""
        self.teacher = None
        label = strategy.experience.task_labels[0] if _apart(strategy) else 0
        self.learned[label] = outputs_in_loss(strategy)

    def _distilled(self, strategy: SupervisedTemplate, teacher: nn.Module) -> Tensor:
        model, x = strategy.model, strategy.mb_x
        if not isinstance(model, MultiTaskModule):
            with torch.no_grad():
                before = teacher(x)
            now = strategy.mb_output
            if not _apart(strategy):
                return self._over(now, before, self.learned[0], outputs_in_loss(strategy))
            losses = [self._over(now, before, own, own) for own in self.learned.values()]
            return torch.stack(losses).sum()
        model.eval()
        losses = []
        for label, own in self.learned.items():
            with torch.no_grad():
                before = avalanche_forward(teacher, x, label)
            losses.append(self._over(avalanche_forward(model, x, label), before, own, own))
        model.train()
        return torch.stack(losses).sum()

    def _over(self, now: Tensor, before: Tensor, learned: Tensor, outputs: Tensor) -> Tensor:
        """The distillation over some of the outputs, a scalar.

        Args:
            now: logits, (n, all outputs).
            before: those of the teacher, (n, all outputs).
            learned: numbers of the outputs that the teacher has learned.
            outputs: numbers of the outputs that the distillation is over.
        """
        answers = torch.full_like(before, -torch.inf)
        answers[:, learned] = before[:, learned]
        return distillation(now[:, outputs], answers[:, outputs], self.temperature)


def _apart(strategy: SupervisedTemplate) -> bool:
    """Whether each task has outputs, or parts of the network, of its own."""
    return isinstance(strategy.model, MultiTaskModule) or isinstance(
        strategy._criterion, OwnOutputs
    )


def distillation(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of softened answers, a scalar (Li & Hoiem 2018, Equations 2 and 3).

    Args:
        student: logits, (n, outputs).
        teacher: logits, (n, outputs), without gradient; -inf for what it gives no probability.
        temperature: that both are divided by.
    """
    return F.cross_entropy(student / temperature, F.softmax(teacher / temperature, dim=1))
