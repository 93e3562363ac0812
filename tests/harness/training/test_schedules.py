"""Learning-rate schedules against their formulas."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.supervised import Naive
from torch import nn
from torch.nn import functional as F

from baselines.components.losses import OwnOutputs
from harness.data.datasets import Images, TaskData
from harness.data.streams import Stream
from harness.training.schedules import CosineDecay, PlateauDecay


class Watch(SupervisedPlugin):
    """Notes the learning rate of every step."""

    def __init__(self) -> None:
        super().__init__()
        self.rates: list[float] = []

    def before_update(self, strategy: Any, **kwargs: Any) -> None:
        self.rates.append(strategy.optimizer.param_groups[0]["lr"])


def test_cosine_decay_follows_its_formula(three_tasks: Stream, train: Callable[..., Any]) -> None:
    watch = Watch()
    strategy = train(Naive, three_tasks, plugins=[CosineDecay(), watch])
    steps = 2 * 8  # epochs times batches of a task
    expected = [2e-3 * (1 + math.cos(math.pi * k / steps)) / 2 for k in range(steps)]
    assert watch.rates == pytest.approx(expected * 2)
    assert strategy.optimizer.param_groups[0]["lr"] == 2e-3


def test_cosine_decay_keeps_the_ratio_of_parameter_groups() -> None:
    groups = [{"params": [nn.Parameter(torch.zeros(1))], "lr": rate} for rate in (1.0, 0.1)]
    optimizer = torch.optim.SGD(groups)
    strategy: Any = SimpleNamespace(optimizer=optimizer, train_epochs=1, dataloader=range(4))
    schedule = CosineDecay()
    schedule.before_training_exp(strategy)
    for step in range(4):
        schedule.before_training_iteration(strategy)
        first, second = (group["lr"] for group in optimizer.param_groups)
        assert first == pytest.approx((1 + math.cos(math.pi * step / 4)) / 2)
        assert second == pytest.approx(first / 10)
    schedule.after_training_exp(strategy)
    assert [group["lr"] for group in optimizer.param_groups] == [1.0, 0.1]


def held_out(labels: list[int]) -> TaskData:
    """Black images: the loss is that of the bias alone."""
    pixels = torch.zeros(len(labels), 1, 1, 2, dtype=torch.uint8)
    return TaskData(Images(pixels, torch.tensor(labels), torch.tensor(labels)))


def plateau(model: nn.Module, tasks: list[int], criterion: nn.Module | None = None) -> Any:
    """A strategy that trains on some tasks."""
    return SimpleNamespace(
        model=model,
        _criterion=criterion or nn.CrossEntropyLoss(),
        optimizer=torch.optim.SGD(model.parameters(), lr=0.9),
        adapted_dataset=SimpleNamespace(targets_task_labels=tasks),
        device=torch.device("cpu"),
    )


def test_the_learning_rate_falls_when_the_loss_stays() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(2, 2))
    strategy = plateau(model, [1, 1])
    schedule = PlateauDecay([held_out([0]), held_out([0, 1, 0, 1])], patience=2)
    schedule.before_training_exp(strategy)
    rates = []
    for _ in range(8):
        schedule.after_training_epoch(strategy)
        rates.append(strategy.optimizer.param_groups[0]["lr"])
    # the first epoch sets the best loss; two more are waited for, the next one divides
    assert rates == pytest.approx([0.9, 0.9, 0.9, 0.3, 0.3, 0.3, 0.1, 0.1])
    assert model.training
    schedule.after_training_exp(strategy)
    assert strategy.optimizer.param_groups[0]["lr"] == 0.9


def test_the_learning_rate_stays_while_the_loss_falls() -> None:
    head = nn.Linear(2, 2)
    strategy = plateau(nn.Sequential(nn.Flatten(), head), [0])
    schedule = PlateauDecay([held_out([0, 0])], patience=1)
    schedule.before_training_exp(strategy)
    for _ in range(6):
        schedule.after_training_epoch(strategy)
        with torch.no_grad():
            head.bias[0] += 0.01
        assert strategy.optimizer.param_groups[0]["lr"] == 0.9


def test_the_loss_is_the_mean_over_the_tasks_in_training() -> None:
    head = nn.Linear(2, 3)
    parts = [held_out([0, 1]), held_out([2]), held_out([1, 1, 0])]
    strategy = plateau(nn.Sequential(nn.Flatten(), head), [2, 0, 2])
    schedule = PlateauDecay(parts, patience=1)
    schedule.before_training_exp(strategy)
    schedule.after_training_epoch(strategy)
    bias = head.bias.detach()
    losses = [
        F.cross_entropy(bias.expand(len(parts[task]), 3), parts[task].images.labels).item()
        for task in (0, 2)
    ]
    assert schedule._schedule is not None
    assert schedule._schedule.best == pytest.approx(sum(losses) / 2)


def test_the_loss_is_the_one_that_is_trained() -> None:
    """What other tasks' outputs answer is nothing to a loss over the task's own."""
    head = nn.Linear(2, 3)
    with torch.no_grad():
        head.bias[2] = 50.0
    own = OwnOutputs([(0, 1), (2,)], 3, torch.device("cpu"))
    strategy = plateau(nn.Sequential(nn.Flatten(), head), [0], own)
    schedule = PlateauDecay([held_out([0, 1])], patience=1)
    schedule.before_training_exp(strategy)
    schedule.after_training_epoch(strategy)
    expected = F.cross_entropy(head.bias[:2].detach().expand(2, 2), torch.tensor([0, 1])).item()
    assert schedule._schedule is not None
    assert schedule._schedule.best == pytest.approx(expected)
