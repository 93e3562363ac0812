"""Examples of earlier tasks: how many are kept, which are drawn, and that they are counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
import torch
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate

from baselines.components.episodic_memory import EpisodicMemoryPlugin
from baselines.context import Context
from baselines.registry import methods
from baselines.replay import Replay
from harness.data.streams import Stream
from harness.evaluation.memory_usage import memory_usage

REHEARSING = ["agem", "derpp", "mega", "replay", "fromp", "frcl"]


class Watching(SupervisedPlugin):
    """Keeps the classes of each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.classes: list[list[int]] = []

    def before_forward(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        self.classes.append(strategy.mb_y.tolist())


def memory_of(strategy: SupervisedTemplate) -> EpisodicMemoryPlugin:
    [memory] = [p for p in strategy.plugins if isinstance(p, EpisodicMemoryPlugin)]
    return memory


def trained(strategy: SupervisedTemplate, stream: Stream, tasks: int) -> SupervisedTemplate:
    for experience in stream.experiences[:tasks]:
        strategy.train(experience, reset_optimizer_state=True)
    return strategy


@pytest.mark.parametrize("name", REHEARSING)
@pytest.mark.parametrize(
    ("settings", "expected"),
    [({"per_task": 7}, 7), ({"per_task": 10**6}, 256), ({"per_class": 3}, 6)],
)
def test_so_many_examples_of_each_task_are_kept_and_counted(
    name: str, settings: dict[str, int], expected: int, context: Context, stream: Stream
) -> None:
    strategy = methods()[name](**settings).build(replace(context, epochs=1))
    trained(strategy, stream, 2)
    kept = memory_of(strategy).kept
    assert [len(task) for task in kept] == [expected, expected]
    for task, dataset in enumerate(kept):
        assert set(dataset.targets) == {2 * task, 2 * task + 1}
        assert set(dataset.targets_task_labels) == {task}
    if "per_class" in settings:
        assert set(Counter(kept[1].targets).values()) == {3}
    found = memory_usage(strategy)
    assert found.examples == 2 * expected
    assert found.example_bytes == 2 * expected * (28 * 28 + 8)
    assert memory_of(strategy).columns == []


def test_no_example_is_drawn_again_before_all_others_were(context: Context, stream: Stream) -> None:
    strategy = trained(Replay(per_task=5).build(replace(context, epochs=1)), stream, 2)
    memory = memory_of(strategy)
    memory.before_training_exp(strategy)
    memory.columns.append(torch.arange(10))
    assert sorted(memory.draw(10)[-1].tolist()) == list(range(10))
    assert set(Counter(memory.draw(25)[-1].tolist()).values()) == {2, 3}
    x, y, labels, numbers = memory.draw(4)
    for row, number in enumerate(numbers.tolist()):
        one_x, one_y, _ = memory.kept[number // 5][number % 5]
        assert torch.equal(x[row], one_x)
        assert (int(y[row]), int(labels[row])) == (int(one_y), number // 5)


def test_half_of_each_batch_is_of_earlier_tasks_and_new_ones_come_in_everyones_order(
    context: Context, stream: Stream
) -> None:
    seen = {}
    for name in ("replay", "naive"):
        watching = Watching()
        strategy = methods()[name]().build(context)
        strategy.plugins.append(watching)
        trained(strategy, stream, 2)
        seen[name] = watching.classes
    half = len(seen["naive"]) // 2
    assert seen["replay"][:half] == seen["naive"][:half]
    for mixed, new in zip(seen["replay"][half:], seen["naive"][half:], strict=True):
        assert mixed[: len(new)] == new
        assert set(mixed[len(new) :]) <= {0, 1}
        assert len(mixed) == 2 * len(new)


@pytest.mark.parametrize("name", REHEARSING)
def test_a_number_in_all_is_shared_among_the_tasks_so_far(
    name: str, context: Context, stream: Stream
) -> None:
    shared: dict[str, int] = {"in_all": 10}
    strategy = methods()[name](**shared).build(replace(context, epochs=1))
    sizes, firsts = [], []
    for experience in stream.experiences[:3]:
        strategy.train(experience, reset_optimizer_state=True)
        kept = memory_of(strategy).kept
        sizes.append([len(task) for task in kept])
        firsts.append(kept[0][0][0])
    assert sizes == [[10], [5, 5], [3, 3, 3]]
    assert all(torch.equal(first, firsts[0]) for first in firsts)


def test_a_memory_with_fewer_places_than_tasks_is_refused() -> None:
    Replay(in_all=5).check_stream(5)
    Replay().check_stream(5)
    with pytest.raises(ValueError, match=r"in_all=4 has no place for .* of 5 tasks; give at least"):
        Replay(in_all=4).check_stream(5)


def test_a_number_in_all_and_one_of_each_class_contradict_each_other() -> None:
    with pytest.raises(ValueError, match="give one of them"):
        Replay(in_all=10, per_class=2)


@pytest.mark.parametrize("name", [name for name in REHEARSING if name != "frcl"])
def test_rehearsal_takes_no_random_numbers_of_the_training(
    name: str, context: Context, stream: Stream
) -> None:
    """But for FRCL, whose outputs are drawn in training."""
    states = []
    for method in (name, "naive"):
        torch.manual_seed(3)
        trained(methods()[method]().build(context), stream, 2)
        states.append(torch.get_rng_state())
    assert torch.equal(*states)
