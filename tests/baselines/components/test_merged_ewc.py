"""EWC with merged penalties against Avalanche's EWC, which keeps one per task."""

from collections.abc import Sequence

import pytest
import torch
from avalanche.benchmarks import DatasetExperience
from avalanche.training.plugins import EvaluationPlugin, EWCPlugin
from avalanche.training.supervised import Naive
from torch import nn

from baselines.components.merged_ewc import MergedEWCPlugin
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.data.loading import TensorLoading
from harness.data.streams import make_stream
from harness.evaluation.memory_usage import memory_usage

Experiences = Sequence[DatasetExperience]
STRENGTH = 30.0


@pytest.fixture(scope="module")
def experiences() -> Experiences:
    training = TrainingBudget(epochs=1, train_examples=256, test_examples=2)
    return make_stream(BENCHMARKS["split_mnist"], training, seed=0).experiences


def trained(plugin: EWCPlugin, experiences: Experiences) -> Naive:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    strategy = Naive(
        model=model,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        criterion=nn.CrossEntropyLoss(),
        train_mb_size=32,
        evaluator=EvaluationPlugin(),
        plugins=[TensorLoading(0), plugin],
    )
    for experience in experiences:
        strategy.train(experience)
    return strategy


def test_weights_are_those_of_a_penalty_per_task(experiences: Experiences) -> None:
    ours = trained(MergedEWCPlugin(STRENGTH), experiences)
    stock = trained(EWCPlugin(STRENGTH), experiences)
    free = trained(EWCPlugin(0.0), experiences)
    weight = ours.model[1].weight
    torch.testing.assert_close(weight, stock.model[1].weight, rtol=1e-4, atol=1e-6)
    assert (weight - free.model[1].weight).abs().max() > 0.01


def test_two_penalties_merge_as_worked_by_hand() -> None:
    """1 (w - 0)² + 3 (w - 2)² = 4 (w - 1.5)² + 3."""
    plugin = MergedEWCPlugin(1.0)
    plugin.merge({"w": torch.tensor([0.0])}, {"w": torch.tensor([1.0])})
    plugin.merge({"w": torch.tensor([2.0])}, {"w": torch.tensor([3.0])})
    assert (plugin.importance["w"].item(), plugin.anchor["w"].item()) == (4.0, 1.5)


def test_weights_without_importance_are_anchored_nowhere_undefined(
    experiences: Experiences,
) -> None:
    plugin = MergedEWCPlugin(1.0)
    trained(plugin, experiences[:2])
    border = plugin.importance["1.weight"][:, 0]  # the corner pixel is always black
    assert not border.any()
    assert all(anchor.isfinite().all() for anchor in plugin.anchor.values())


def test_memory_does_not_grow_with_the_tasks(experiences: Experiences) -> None:
    after = [
        memory_usage(trained(MergedEWCPlugin(1.0), experiences[:tasks])).bytes for tasks in (1, 4)
    ]
    assert after[0] == after[1]
