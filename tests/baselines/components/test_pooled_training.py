"""Joint training draws batches of any size from all tasks."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from avalanche.training.plugins import SupervisedPlugin
from torch import nn

from baselines.components.pooled_training import PooledTraining
from harness.data.streams import Stream
from harness.training.networks import mlp


class Watch(SupervisedPlugin):
    """Notes the classes and the size of every batch."""

    def __init__(self) -> None:
        super().__init__()
        self.classes: list[list[int]] = []

    def before_training_iteration(self, strategy: Any, **kwargs: Any) -> None:
        self.classes.append(strategy.mb_y.tolist())


def test_a_batch_may_be_smaller_than_the_number_of_tasks(stream: Stream) -> None:
    torch.manual_seed(0)
    model, watch = mlp(10), Watch()
    strategy = PooledTraining(
        model=model,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.01),
        criterion=nn.CrossEntropyLoss(),
        train_mb_size=4,
        train_epochs=1,
        plugins=[watch],
    )
    strategy.train(stream.experiences)
    assert {len(batch) for batch in watch.classes} == {4}
    shown = Counter(label for batch in watch.classes for label in batch)
    there = Counter(label for task in stream.train for label in task.images.labels.tolist())
    assert shown == there  # every example of every task once
    tasks = [{label // 2 for label in batch} for batch in watch.classes]
    assert sum(len(one) > 1 for one in tasks) > len(tasks) / 2
