"""EWC against the definition of the Fisher information, and a penalty for each task kept apart."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from avalanche.benchmarks import DatasetExperience
from avalanche.training.plugins import EvaluationPlugin, SupervisedPlugin
from avalanche.training.supervised import Naive
from torch import Tensor, nn

from baselines.components.elastic_weight_consolidation import (
    FisherPenaltyPlugin,
    OnlinePenaltyPlugin,
    PenaltyPerTaskPlugin,
)
from baselines.components.importance_penalty import examples, learned
from baselines.components.quadratic_penalty import pull_back
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


def trained(plugin: SupervisedPlugin, experiences: Experiences) -> Naive:
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


class PenaltiesApart(FisherPenaltyPlugin):
    """As published: each task's Fisher information and weights are kept, and all are summed up."""

    def __init__(self, ewc_lambda: float) -> None:
        super().__init__(ewc_lambda)
        self.kept: list[tuple[dict[str, Tensor], dict[str, Tensor]]] = []

    def merge(self, weights: object, fisher: dict[str, Tensor]) -> None:
        assert isinstance(weights, dict)
        self.kept.append(({n: w.detach().clone() for n, w in weights.items()}, fisher))

    def before_update(self, strategy: Naive, **kwargs: object) -> None:
        for anchor, fisher in self.kept:
            pull_back(learned(strategy), anchor, fisher, self.strength)


def test_weights_are_those_of_a_penalty_per_task(experiences: Experiences) -> None:
    merged = trained(PenaltyPerTaskPlugin(STRENGTH), experiences)
    apart = trained(PenaltiesApart(STRENGTH), experiences)
    free = trained(PenaltyPerTaskPlugin(0.0), experiences)
    weight = merged.model[1].weight
    torch.testing.assert_close(weight, apart.model[1].weight, rtol=1e-4, atol=1e-6)
    assert (weight - free.model[1].weight).abs().max() > 0.005


def test_the_importance_is_the_empirical_fisher_information(experiences: Experiences) -> None:
    """For logits W x of one layer, an example's gradient is (p - its class) x."""
    plugin = PenaltyPerTaskPlugin(STRENGTH)
    strategy = trained(plugin, experiences[:1])
    strategy.experience = experiences[0]
    batches = list(examples(strategy))
    x, y = (torch.cat([batch[place] for batch in batches]) for place in (0, 1))
    x = x.flatten(1)
    error = strategy.model(x).softmax(1).detach()
    error[torch.arange(len(y)), y] -= 1
    expected = error.square().T @ x.square() / len(x)
    assert plugin.strength == STRENGTH / 2
    torch.testing.assert_close(plugin.importance["1.weight"], expected, rtol=1e-4, atol=1e-8)


def test_two_penalties_merge_as_worked_by_hand() -> None:
    """1 (w - 0)² + 3 (w - 2)² = 4 (w - 1.5)² + 3."""
    plugin = PenaltyPerTaskPlugin(1.0)
    plugin.merge({"w": torch.tensor([0.0])}, {"w": torch.tensor([1.0])})
    plugin.merge({"w": torch.tensor([2.0])}, {"w": torch.tensor([3.0])})
    assert (plugin.importance["w"].item(), plugin.anchor["w"].item()) == (4.0, 1.5)


def test_an_online_penalty_decays_as_worked_by_hand() -> None:
    plugin = OnlinePenaltyPlugin(1.0, decay=0.5)
    plugin.merge({"w": torch.tensor([0.0])}, {"w": torch.tensor([1.0])})
    weights = {"w": torch.tensor([2.0]), "head": torch.tensor([5.0])}
    plugin.merge(weights, {"head": torch.tensor([3.0])})
    assert (plugin.importance["w"].item(), plugin.anchor["w"].item()) == (0.5, 2.0)
    assert (plugin.importance["head"].item(), plugin.anchor["head"].item()) == (3.0, 5.0)


def test_a_task_that_does_not_use_a_weight_leaves_its_penalty_as_it_was() -> None:
    plugin = PenaltyPerTaskPlugin(1.0)
    plugin.merge({"w": torch.tensor([1.0])}, {"w": torch.tensor([2.0])})
    weights = {"w": torch.tensor([7.0]), "head": torch.tensor([5.0])}
    plugin.merge(weights, {"head": torch.tensor([0.0])})
    assert (plugin.importance["w"].item(), plugin.anchor["w"].item()) == (2.0, 1.0)
    assert (plugin.importance["head"].item(), plugin.anchor["head"].item()) == (0.0, 5.0)


def test_memory_does_not_grow_with_the_tasks(experiences: Experiences) -> None:
    after = [
        memory_usage(trained(PenaltyPerTaskPlugin(1.0), experiences[:tasks])).training_bytes
        for tasks in (1, 4)
    ]
    assert after[0] == after[1]
