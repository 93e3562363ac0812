"""Accuracy after each epoch, with a model whose answers are known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.config.benchmarks import BENCHMARKS
from harness.evaluation.learning_curve import LearningCurve, learning_curve
from harness.evaluation.measurements import Snapshot


class Answers(nn.Module):
    """Class 0 is most likely, then what the input says; notes whether it was training."""

    def __init__(self) -> None:
        super().__init__()
        self.modes: list[bool] = []

    def forward(self, x: Tensor) -> Tensor:
        self.modes.append(self.training)
        logits = F.one_hot(x.long(), 10).float()
        logits[:, 0] = 5
        return logits


def data(classes: list[int], inputs: list[float]) -> Any:
    images = SimpleNamespace(labels=torch.tensor(classes))
    return SimpleNamespace(images=images, inputs=lambda: torch.tensor(inputs))


BENCHMARK = BENCHMARKS["split_mnist"].first(2)
TEST = (data([0, 1], [1.0, 1.0]), data([2, 3, 2, 3], [2.0, 3.0, 2.0, 2.0]))


def strategy(labels: list[int]) -> tuple[Any, LearningCurve]:
    plugin = LearningCurve(BENCHMARK, TEST)
    dataset = SimpleNamespace(targets_task_labels=labels)
    made = SimpleNamespace(
        model=Answers(), device="cpu", adapted_dataset=dataset, plugins=[object(), plugin]
    )
    return made, plugin


def rows(made: Any, after: int) -> list[Any]:
    stream = SimpleNamespace(test=TEST)
    snapshot = Snapshot(made, BENCHMARK, cast(Any, stream), after, torch.device("cpu"))
    return list(learning_curve(snapshot))


def test_the_answers_are_among_the_classes_of_the_task_in_training() -> None:
    made, plugin = strategy([1, 1])
    plugin.before_training_exp(made)
    for _ in range(2):
        plugin.after_training_epoch(made)
    assert made.model.modes == [False, False]
    assert made.model.training
    keys = {"metric": "epoch_accuracy", "after": 2, "task": 2, "value": 0.75}
    assert rows(made, 2) == [{**keys, "other": 1}, {**keys, "other": 2}]


def test_each_experience_has_a_curve_of_its_own() -> None:
    made, plugin = strategy([0])
    for epochs in (3, 1):
        plugin.before_training_exp(made)
        for _ in range(epochs):
            plugin.after_training_epoch(made)
    assert [row["other"] for row in rows(made, 1)] == [1]


def test_tasks_that_are_learned_at_once_count_alike() -> None:
    made, plugin = strategy([1, 0, 1])
    plugin.before_training_exp(made)
    plugin.after_training_epoch(made)
    assert plugin.accuracies == [(0.5 + 0.75) / 2]  # class 0 is likelier than 1


def test_a_run_without_it_has_no_rows() -> None:
    made, _ = strategy([0])
    made.plugins = []
    assert rows(made, 1) == []
