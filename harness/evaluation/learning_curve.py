"""Accuracy on the task that is being learned, after each of its epochs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from avalanche.models import avalanche_forward
from avalanche.training.plugins import SupervisedPlugin
from torch import Tensor

from harness.config.benchmarks import Benchmark
from harness.data.datasets import TaskData
from harness.evaluation.accuracy import class_table, in_batches, share
from harness.evaluation.measurements import Snapshot, register_measurement
from harness.storage.schema import Row

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate


class LearningCurve(SupervisedPlugin):
    """Tests a strategy after each epoch on the test data of the tasks in training.

    The task identity is given, and the answers are among the task's classes. RMN is tested with
    rounded masks, as they would be stored, also while their relevances are still undecided.

    Args:
        benchmark: its tasks.
        test: test data per task.

    Attributes:
        accuracies: after each epoch of the newest experience, a mean over the tasks in training.
    """

    def __init__(self, benchmark: Benchmark, test: Sequence[TaskData]) -> None:
        super().__init__()
        self.benchmark = benchmark
        self.test = test
        self.accuracies: list[float] = []

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Start the experience's curve."""
        self.accuracies = []

    @torch.no_grad()
    def after_training_epoch(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Test the strategy."""
        tasks = sorted(set(map(int, strategy.adapted_dataset.targets_task_labels)))
        strategy.model.eval()
        shares = [self._accuracy(strategy, task) for task in tasks]
        strategy.model.train()
        self.accuracies.append(sum(shares) / len(shares))

    def _accuracy(self, strategy: SupervisedTemplate, task: int) -> float:
        data = self.test[task]
        inputs, y = data.inputs().to(strategy.device), data.images.labels.to(strategy.device)
        others = ~class_table(self.benchmark)[task].to(strategy.device)
        logits = in_batches(partial(_logits, strategy, task), inputs)
        return share(logits.masked_fill(others, -torch.inf).argmax(-1) == y)


@register_measurement
def learning_curve(snapshot: Snapshot) -> Iterator[Row]:
    """The accuracies of the newest task by epoch, of runs that have a `LearningCurve`."""
    for plugin in snapshot.strategy.plugins:
        if isinstance(plugin, LearningCurve):
            for epoch, accuracy in enumerate(plugin.accuracies, start=1):
                yield {
                    "metric": "epoch_accuracy",
                    "after": snapshot.after,
                    "task": snapshot.after,
                    "other": epoch,
                    "value": accuracy,
                }


def _logits(strategy: SupervisedTemplate, task: int, x: Tensor) -> Tensor:
    labels = torch.full((len(x),), task, device=x.device)
    logits: Tensor = avalanche_forward(strategy.model, x, labels)
    return logits
