"""Streams without labels: nothing of a task reaches the learner, and CN-DPM's transitions."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines.components.distinct_examples import distinct, identities
from baselines.components.variational_learning import CoresetPlugin
from baselines.context import Context
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.data.streams import make_stream
from harness.data.unlabelled_streams import (
    StreamLoader,
    TaskBoundaryCallback,
    TaskLabelError,
    UnlabelledStream,
    blended,
)

TRAINING = TrainingBudget(epochs=2, train_examples=300, test_examples=100, tasks=3, decay=False)


def unlabelled(name: str, seed: int) -> UnlabelledStream:
    made = make_stream(BENCHMARKS[name], TRAINING, seed=seed).unlabelled
    assert made is not None
    return made


@pytest.fixture(scope="module")
def sharp() -> UnlabelledStream:
    return unlabelled("split_mnist_unsupervised", seed=0)


@pytest.mark.parametrize(
    "question",
    [
        "task_label",
        "task_labels",
        "classes_in_this_experience",
        "classes_seen_so_far",
        "previous_classes",
        "future_classes",
    ],
)
def test_a_learner_that_asks_for_a_task_is_refused(sharp: UnlabelledStream, question: str) -> None:
    for experience in (sharp.whole(), *sharp.segments()):
        with pytest.raises(TaskLabelError, match="no task labels"):
            getattr(experience, question)


def test_a_method_that_needs_labels_cannot_train(sharp: UnlabelledStream, context: Context) -> None:
    for name in ("rmn", "hat", "single"):
        strategy = methods()[name]().build(context)
        with pytest.raises(TaskLabelError):
            strategy.train(sharp.whole())


def test_batches_are_inputs_and_classes_alone(sharp: UnlabelledStream) -> None:
    strategy: Any = SimpleNamespace(dataloader=None)
    StreamLoader(sharp).before_training_exp(strategy)
    batches = list(strategy.dataloader)
    assert all(len(batch) == 2 for batch in batches)
    assert len(batches) == len(sharp.batches) == len(sharp.counts)
    for (x, y), counts in zip(batches, sharp.counts, strict=True):
        assert len(x) == len(y) == counts.sum()
        assert torch.equal(torch.bincount(y // 2, minlength=3), counts)  # digits 2t, 2t + 1


def test_each_example_comes_once_an_epoch_and_borders_are_sharp(sharp: UnlabelledStream) -> None:
    shown = torch.cat(sharp.batches)
    assert torch.equal(shown.sort().values, torch.arange(900).repeat_interleave(2))
    assert ((sharp.counts > 0).sum(1) == 1).all()
    assert sharp.counts.argmax(1).tolist() == sorted(sharp.counts.argmax(1).tolist())
    for task, (start, end) in enumerate(pairwise((0, *sharp.ends))):
        assert (sharp.counts[start:end].argmax(1) == task).all()


def test_the_seed_sets_the_order() -> None:
    one, two, same = (unlabelled("split_mnist_fuzzy", seed) for seed in (0, 1, 0))
    assert not torch.equal(torch.cat(one.batches), torch.cat(two.batches))
    assert torch.equal(torch.cat(one.batches), torch.cat(same.batches))


def test_transitions_are_those_of_cn_dpm() -> None:
    # Lee et al. 2020, Fuzzy Split-MNIST: 12,000 examples a task; 6,000 pure ones, then transitions
    # of 12,000 in five parts with 10, 30, 50, 70 and 90 % of the next task, then 6,000 pure ones
    tasks, size = 5, 12_000
    queues = [torch.arange(size) + size * task for task in range(tasks)]
    owner = (blended(queues, 1.0) // size).numpy()
    assert (owner[:6000] == 0).all()
    assert (owner[-6000:] == 4).all()
    for task in range(tasks - 1):
        transition = owner[6000 + size * task : 6000 + size * (task + 1)]
        assert set(transition) == {task, task + 1}
        shares = (transition.reshape(5, -1) == task + 1).mean(1)
        np.testing.assert_allclose(shares, [0.1, 0.3, 0.5, 0.7, 0.9], atol=0.005)


@pytest.mark.parametrize(
    ("name", "shown"), [("unsupervised", [0, 1, 2, 3]), ("fuzzy", [0, 2, 3, 3])]
)
def test_with_fuzzy_borders_a_task_begins_before_the_one_before_it_ends(
    name: str, shown: list[int]
) -> None:
    stream = unlabelled(f"split_mnist_{name}", seed=0)
    assert [stream.tasks_shown(after) for after in range(4)] == shown


@given(st.lists(st.integers(1, 60), min_size=1, max_size=5), st.floats(0.1, 1))
def test_blending_loses_nothing_and_keeps_each_order(lengths: list[int], transition: float) -> None:
    starts = np.cumsum([0, *lengths])
    queues = [torch.arange(int(a), int(b)) for a, b in pairwise(starts)]
    mixed = blended(queues, transition)
    assert torch.equal(mixed.sort().values, torch.arange(int(starts[-1])))
    for queue in queues:
        assert torch.equal(mixed[torch.isin(mixed, queue)], queue)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6).map(sorted))
def test_each_boundary_is_called_once_after_its_batch(ends: list[int]) -> None:
    batch = 0
    called: list[tuple[int, int]] = []
    callback = TaskBoundaryCallback(ends, lambda task: called.append((task, batch)))
    for batch in range(1, 25):  # noqa: B007 - the function above notes it
        callback.after_training_iteration(SimpleNamespace())
    assert called == list(enumerate(ends, start=1))


@given(st.integers(0, 8))
def test_a_stream_goes_on_where_it_was_left(sharp: UnlabelledStream, first: int) -> None:
    strategy: Any = SimpleNamespace(dataloader=None)
    StreamLoader(sharp, first).before_training_exp(strategy)
    rest = [sharp.dataset.gather(indices)[1].tolist() for indices in sharp.batches[first:]]
    assert [y.tolist() for _, y in strategy.dataloader] == rest
    called: list[int] = []
    callback = TaskBoundaryCallback(sharp.ends, called.append, first)
    for _ in rest:
        callback.after_training_iteration(SimpleNamespace())
    assert called == [task for task, end in enumerate(sharp.ends, start=1) if end > first]


def test_a_segment_is_the_batches_of_a_task(sharp: UnlabelledStream) -> None:
    segments = sharp.segments()
    assert len(segments) == 3
    for task, segment in enumerate(segments, start=1):
        start, end = sharp.segment(task)
        wanted = sharp.dataset.gather(torch.cat(sharp.batches[start:end]))
        found = segment.dataset.gather(torch.arange(len(segment.dataset)))
        assert all(map(torch.equal, found[:2], wanted[:2]))
        assert len(segment.dataset) == 2 * 300


def test_an_example_that_is_shown_twice_is_one(sharp: UnlabelledStream) -> None:
    """Two epochs of 300 examples a task; where tasks are blended, parts have some of each."""
    for segment in sharp.segments():
        each = identities(segment.dataset)
        chosen = distinct(segment.dataset)
        assert (len(each), len(chosen), len(torch.unique(each[chosen]))) == (600, 300, 300)
        for place in (0, 123):
            same = (each == each[place]).nonzero().flatten().tolist()
            x = segment.dataset.gather(torch.tensor(same))[0]
            assert len(same) == 2
            assert torch.equal(x[0], x[1])
    fuzzy = unlabelled("split_mnist_fuzzy", seed=0)
    together = torch.cat([identities(one.dataset) for one in (fuzzy.whole(),)])
    assert len(torch.unique(together)) == len(together) == 900


def test_what_a_coreset_keeps_is_never_trained_on(
    sharp: UnlabelledStream, context: Context
) -> None:
    method = methods()["vcl_coreset"](per_task=40)  # type: ignore[call-arg]
    strategy = method.build(context)
    [plugin] = [one for one in strategy.plugins if isinstance(one, CoresetPlugin)]
    strategy.experience = sharp.segments()[0]
    strategy.adapted_dataset = strategy.experience.dataset
    plugin.after_train_dataset_adaptation(strategy)
    left = strategy.adapted_dataset
    kept = {x.numpy().tobytes() for x in plugin.kept[0].gather(torch.arange(40))[0]}
    rest = {x.numpy().tobytes() for x in left.gather(torch.arange(len(left)))[0]}
    assert kept
    assert not kept & rest
    plugin.variational.before_training_exp(strategy)
    assert plugin.variational._examples == len(rest)
