"""Cross-entropy over the outputs that a scenario lets a method choose among."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn
from torch.nn import functional as F


class ChosenOutputs(nn.Module):
    """Cross-entropy over some of the outputs; gradients of the others are zero.

    Args:
        task_outputs: outputs of each task; no two tasks share one.
        outputs: width of the logits.
        device: of the logits.
    """

    table: Tensor
    task_of: Tensor

    def __init__(
        self, task_outputs: Sequence[Sequence[int]], outputs: int, device: torch.device
    ) -> None:
        super().__init__()
        table = torch.zeros(len(task_outputs), outputs, dtype=torch.bool)
        task_of = torch.zeros(outputs, dtype=torch.int64)
        for task, own in enumerate(task_outputs):
            table[task, list(own)] = True
            task_of[list(own)] = task
        self.register_buffer("table", table.to(device), persistent=False)
        self.register_buffer("task_of", task_of.to(device), persistent=False)

    def allowed(self, y: Tensor) -> Tensor:
        """The outputs that examples of classes y (n,) are told from, bool, (n or 1, outputs)."""
        raise NotImplementedError

    def forward(self, logits: Tensor, y: Tensor) -> Tensor:
        """The mean cross-entropy of logits (n, outputs) and classes y (n,), a scalar."""
        return F.cross_entropy(logits.masked_fill(~self.allowed(y), -torch.inf), y)


class OwnOutputs(ChosenOutputs):
    """Cross-entropy over the outputs of the task that each example belongs to (task-il)."""

    def allowed(self, y: Tensor) -> Tensor:
        """The outputs of the task of each class, bool, (n, outputs)."""
        return self.table[self.task_of[y]]


class OutputsSeen(ChosenOutputs):
    """Cross-entropy over the outputs of all tasks seen so far (class-il).

    `OutputsSeenPlugin` tells it how many these are.
    """

    seen: int = 0

    def allowed(self, y: Tensor) -> Tensor:
        """The outputs of the tasks seen, bool, (1, outputs)."""
        return self.table[: self.seen].any(0, keepdim=True)


class OutputsSeenPlugin(SupervisedPlugin):
    """Counts the tasks seen for a strategy's `OutputsSeen`, also where all are seen at once."""

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Count the tasks up to the last whose classes are in the training data."""
        criterion = strategy._criterion
        if isinstance(criterion, OutputsSeen):
            classes = torch.tensor(sorted(strategy.adapted_dataset.targets.uniques))
            criterion.seen = int(criterion.task_of.cpu()[classes].max()) + 1


def without_others(
    strategy: SupervisedTemplate, logits: Tensor, classes: Tensor, fill: float
) -> Tensor:
    """Logits (n, outputs) with a constant for the outputs that a strategy's loss is not over.

    Args:
        strategy: in training.
        logits: (n, outputs).
        classes: of the same examples, (n,).
        fill: the constant.
    """
    criterion = strategy._criterion
    if isinstance(criterion, ChosenOutputs):
        return logits.masked_fill(~criterion.allowed(classes), fill)
    return logits


def outputs_in_loss(strategy: SupervisedTemplate) -> Tensor:
    """Numbers of the outputs that a strategy's loss is over, (k,), for the task in training.

    Those of the task, or of all tasks seen, as its criterion has it; all if it has no choice. The
    task must have been trained on, for it is the last answer that has the number of all outputs.
    """
    criterion = strategy._criterion
    if not isinstance(criterion, ChosenOutputs):
        return torch.arange(strategy.mb_output.shape[1], device=strategy.device)
    one_class = next(iter(strategy.adapted_dataset.targets.uniques))
    allowed = criterion.allowed(torch.tensor([one_class], device=strategy.device))
    return allowed[0].nonzero().squeeze(1)
