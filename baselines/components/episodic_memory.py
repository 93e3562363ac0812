"""Examples of earlier tasks, kept to be rehearsed in later ones."""

from __future__ import annotations

from typing import Any, Final

import torch
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor

from baselines.components.batches import batches
from baselines.components.rehearsing import MemoryBudget

AT_ONCE: Final = 256
"""Examples gathered, or answered, at one time."""


class EpisodicMemoryPlugin(SupervisedPlugin):
    """Keeps examples of each task that was learned for as long as it lasts; here, random ones.

    Between tasks they are parts of the tasks' data sets, which is how the memory that a method uses
    is counted; while a task is trained they are tensors on the device.

    Args:
        budget: which examples are kept. Its random numbers are the memory's own, so that those of
            training are what they are without it.

    Attributes:
        kept: examples of each task.
        columns: of all of them, inputs (n, ...), classes (n,), task labels (n,) and what subclasses
            add, (n, ...); none unless a task is trained and there are examples of earlier ones.
    """

    def __init__(self, budget: MemoryBudget) -> None:
        super().__init__()
        self.budget = budget
        self.generator = torch.Generator().manual_seed(budget.seed)
        self.kept: list[Any] = []
        self.columns: list[Tensor] = []

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Gather what is kept."""
        self.gather(strategy)

    def gather(self, strategy: SupervisedTemplate) -> None:
        """Put the columns of all that is kept on a strategy's device."""
        device = strategy.device
        parts = [part for task in self.kept for part in batches(task, AT_ONCE, device)]
        self.columns = [torch.cat(column) for column in zip(*parts, strict=True)]

    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Keep examples of the task."""
        self.columns = []
        self.keep(strategy.experience.dataset.subset(self.choose(strategy)))

    def keep(self, examples: Any) -> None:
        """Keep a task's examples, and fewer of the earlier ones where they share a number."""
        self.kept.append(examples)
        if self.budget.in_all is not None:
            self.cut(self.budget.of_task(len(self.kept)))

    def cut(self, most: int) -> None:
        """Forget all but the first so many examples of each task."""
        self.kept = [task.subset(range(min(most, len(task)))) for task in self.kept]

    def draw(self, number: int) -> list[Tensor]:
        """The columns of so many examples, none of which is drawn again before all others were."""
        size = len(self.columns[0])
        rounds = -(-number // size)
        orders = [torch.randperm(size, generator=self.generator) for _ in range(rounds)]
        chosen = torch.cat(orders)[:number].to(self.columns[0].device)
        return [column[chosen] for column in self.columns]

    def choose(self, strategy: SupervisedTemplate) -> list[int]:
        """Numbers of the examples that are kept of the task in training: drawn at random."""
        classes = torch.tensor(list(strategy.experience.dataset.targets))
        order = torch.randperm(len(classes), generator=self.generator)
        if (most := self.budget.per_class) is None:
            return order[: self.budget.of_task(len(self.kept) + 1)].tolist()
        of_each = [order[classes[order] == one][:most] for one in torch.unique(classes)]
        return torch.cat(of_each).tolist()
