"""EWC against the definition of the Fisher information, and a penalty for each task kept apart."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from avalanche.training.supervised import Naive
from torch import Tensor, nn

from baselines.components.elastic_weight_consolidation import (
    FisherPenaltyPlugin,
    MeanPenaltyPlugin,
    OnlinePenaltyPlugin,
    PenaltyPerTaskPlugin,
)
from baselines.components.importance_penalty import examples, learned
from baselines.components.quadratic_penalty import pull_back
from harness.data.streams import Stream
from harness.evaluation.memory_usage import memory_usage

Trained = Callable[..., Naive]
STRENGTH = 30.0


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


def test_weights_are_those_of_a_penalty_per_task(trained: Trained, one_layer: nn.Module) -> None:
    merged, apart, free = (
        trained(copy.deepcopy(one_layer), plugin, rate=0.1, tasks=5, batch=32).model[1].weight
        for plugin in (
            PenaltyPerTaskPlugin(STRENGTH),
            PenaltiesApart(STRENGTH),
            PenaltyPerTaskPlugin(0.0),
        )
    )
    torch.testing.assert_close(merged, apart, rtol=1e-4, atol=1e-6)
    assert (merged - free).abs().max() > 0.005


def test_the_importance_is_the_empirical_fisher_information(
    trained: Trained, one_layer: nn.Module, stream: Stream
) -> None:
    """For logits W x of one layer, an example's gradient is (p - its class) x."""
    plugin = PenaltyPerTaskPlugin(STRENGTH)
    strategy = trained(one_layer, plugin, rate=0.1, tasks=1)
    strategy.experience = stream.experiences[0]
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


def test_the_mean_over_tasks_is_the_one_worked_by_hand() -> None:
    """Of 6, 0 and 3; the head is used by the last of three tasks alone."""
    plugin = MeanPenaltyPlugin(1.0)
    head = {"w": torch.tensor([3.0]), "head": torch.tensor([12.0])}
    for fisher in ({"w": torch.tensor([6.0])}, {"w": torch.tensor([0.0])}, head):
        weights = {name: value + 1 for name, value in fisher.items()}
        plugin.merge(weights, fisher)
    expected = {"w": torch.tensor([3.0]), "head": torch.tensor([4.0])}
    torch.testing.assert_close(plugin.importance, expected)
    assert {name: weight.item() for name, weight in plugin.anchor.items()} == {"w": 4, "head": 13}


def test_a_task_that_does_not_use_a_weight_leaves_its_penalty_as_it_was() -> None:
    plugin = PenaltyPerTaskPlugin(1.0)
    plugin.merge({"w": torch.tensor([1.0])}, {"w": torch.tensor([2.0])})
    weights = {"w": torch.tensor([7.0]), "head": torch.tensor([5.0])}
    plugin.merge(weights, {"head": torch.tensor([0.0])})
    assert (plugin.importance["w"].item(), plugin.anchor["w"].item()) == (2.0, 1.0)
    assert (plugin.importance["head"].item(), plugin.anchor["head"].item()) == (0.0, 5.0)


def test_memory_does_not_grow_with_the_tasks(trained: Trained, one_layer: nn.Module) -> None:
    after = []
    for tasks in (1, 4):
        strategy = trained(one_layer, PenaltyPerTaskPlugin(1.0), rate=0.1, tasks=tasks)
        after.append(memory_usage(strategy).training_bytes)
    assert after[0] == after[1]
