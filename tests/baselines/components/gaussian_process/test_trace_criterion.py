"""The trace criterion against its definition, and what random swaps make of random points."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from baselines.components.gaussian_process.plugin import InducingPointPlugin
from baselines.components.gaussian_process.trace_criterion import TraceCriterion, refine
from baselines.context import Context
from baselines.frcl import FRCL
from harness.data.streams import Stream

VARIANCE, JITTER = 0.7, 1e-3


def exact(features: Tensor, chosen: list[int]) -> float:
    """tr[K_XX - K_XZ K_ZZ^-1 K_ZX] by matrices of all examples."""
    kernel = VARIANCE * features @ features.T
    between = kernel[:, chosen]
    inner = kernel[chosen][:, chosen] + JITTER * torch.eye(len(chosen), dtype=torch.double)
    return float((kernel - between @ torch.linalg.inv(inner) @ between.T).trace())


def criterion(features: Tensor, chosen: list[int]) -> TraceCriterion:
    return TraceCriterion(features, chosen, variance=VARIANCE, jitter=JITTER)


def drawn(examples: int, width: int, seed: int = 0) -> Tensor:
    """Features that are of about half the rank, as those of a network with ReLUs are."""
    torch.manual_seed(seed)
    low = torch.randn(examples, width // 2 + 1, dtype=torch.double)
    return torch.relu(low @ torch.randn(width // 2 + 1, width, dtype=torch.double))


@pytest.mark.parametrize("width", [3, 30])
def test_the_trace_is_that_of_its_definition(width: int) -> None:
    features = drawn(40, width)
    for chosen in ([0], [3, 7, 11], list(range(20))):
        assert criterion(features, chosen).trace == pytest.approx(exact(features, chosen), rel=1e-6)


def test_what_a_swap_gains_is_the_difference_of_traces() -> None:
    features = drawn(15, 12)
    chosen = [2, 5, 8]
    before, made = exact(features, chosen), criterion(features, chosen)
    for place in range(3):
        for candidate in set(range(15)) - set(chosen):
            after = exact(features, [*chosen[:place], candidate, *chosen[place + 1 :]])
            assert made.gain(place, candidate) == pytest.approx(before - after, abs=1e-6 * before)


@pytest.mark.parametrize("seed", range(5))
def test_every_swap_makes_the_trace_smaller(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    features = drawn(60, 10, seed)
    traces = [exact(features, list(range(6)))]
    swap = TraceCriterion.swap

    def watched(self: TraceCriterion, place: int, candidate: int) -> None:
        swap(self, place, candidate)
        traces.append(exact(features, self.chosen))

    monkeypatch.setattr(TraceCriterion, "swap", watched)
    made = criterion(features, list(range(6)))
    refine(made, 300, torch.Generator().manual_seed(seed))
    assert len(traces) > 3
    assert all(after < before for before, after in pairwise(traces))
    assert len(set(made.chosen)) == 6


def test_no_swap_is_left_that_would_make_it_smaller() -> None:
    """With many proposals, among all choices of three of nine it is one that no swap betters."""
    features = drawn(9, 6)
    made = criterion(features, [0, 1, 2])
    refine(made, 2000, torch.Generator().manual_seed(0))
    found = set(made.chosen)
    neighbours = [set(one) for one in combinations(range(9), 3) if len(found & set(one)) == 2]
    assert len(neighbours) == 18
    least = min(exact(features, sorted(one)) for one in neighbours)
    assert exact(features, made.chosen) <= least * (1 + 1e-6)


def test_equal_points_are_not_chosen_twice_while_others_are_unexplained() -> None:
    axes = torch.eye(4, dtype=torch.double)
    features = torch.cat([axes[[0, 0, 0, 0, 0]], axes])
    made = criterion(features, [0, 1, 2, 3])
    refine(made, 500, torch.Generator().manual_seed(1))
    assert exact(features, made.chosen) < 0.01
    assert (features[made.chosen].sum(0) == 1).all()


def test_nothing_is_proposed_where_all_examples_are_chosen() -> None:
    made = criterion(drawn(4, 3), [3, 1, 0, 2])
    refine(made, 50, torch.Generator())
    assert made.chosen == [3, 1, 0, 2]


def trained(context: Context, stream: Stream, **settings: Any) -> tuple[Any, Any]:
    """The plugin after a task, and its strategy."""
    torch.manual_seed(0)
    strategy = FRCL(**settings).build(context)
    strategy.train(stream.experiences[0], reset_optimizer_state=True)
    [plugin] = [one for one in strategy.plugins if isinstance(one, InducingPointPlugin)]
    return plugin, strategy


def explained(made: tuple[Any, Any], stream: Stream) -> float:
    """The criterion of the kept examples over all of the first task's, by its definition."""
    plugin, strategy = made
    strategy.model.eval()
    inputs = torch.stack([x for x, *_ in stream.experiences[0].dataset]), images(plugin)
    with torch.no_grad():
        every, kept = (strategy.model.features(x, 0).double() for x in inputs)
    return exact(torch.cat([every, kept]), [len(every) + i for i in range(len(kept))])


def images(plugin: Any) -> Tensor:
    """Kept of the first task, (n, 1, 28, 28)."""
    return torch.stack([x for x, *_ in plugin.kept[0]])


def test_kept_points_explain_a_task_better_than_random_ones(
    context: Context, stream: Stream
) -> None:
    random, by_trace, again = (
        trained(context, stream, per_task=12, inducing=inducing)
        for inducing in ("random", "trace", "trace")
    )
    assert explained(by_trace, stream) < 0.95 * explained(random, stream)
    assert len(by_trace[0].kept[0]) == 12
    assert torch.equal(images(by_trace[0]), images(again[0]))
    for own, other in zip(
        by_trace[0].functions.posteriors, again[0].functions.posteriors, strict=True
    ):
        assert torch.equal(own.means, other.means)


def test_so_many_of_each_class_are_kept_with_the_criterion_as_well(
    context: Context, stream: Stream
) -> None:
    plugin, _ = trained(context, stream, per_class=3, inducing="trace")
    assert sorted(int(y) for _, y, *_ in plugin.kept[0]) == [0, 0, 0, 1, 1, 1]


def test_no_proposals_leave_the_random_points(context: Context, stream: Stream) -> None:
    random, none = (
        trained(context, stream, per_task=8, inducing=inducing, proposals=0)[0]
        for inducing in ("random", "trace")
    )
    assert torch.equal(images(random), images(none))
