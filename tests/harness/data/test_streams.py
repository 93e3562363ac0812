"""Streams hold the real data, the right classes and the right permutations."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import torch
from torch import Tensor

from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.data.datasets import PACKAGED, Images, TaskData
from harness.data.streams import make_stream

DATA: Final = os.environ.get("RMN_DATA", "")
WHOLE = TrainingBudget(epochs=1)

needs_data = pytest.mark.skipif(not DATA, reason="RMN_DATA names no folder of data sets")


def permutation(data: TaskData) -> Tensor:
    assert data.permutation is not None
    return data.permutation


def test_split_mnist_has_the_published_class_counts() -> None:
    stream = make_stream(BENCHMARKS["split_mnist"], WHOLE, seed=0)
    train = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    test = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    for task in range(5):
        classes = [2 * task, 2 * task + 1]
        assert set(stream.experiences[task].classes_in_this_experience) == set(classes)
        assert stream.experiences[task].task_label == task
        for data, counts in ((stream.train[task], train), (stream.test[task], test)):
            found = torch.bincount(data.images.labels, minlength=10).tolist()
            assert found == [counts[c] if c in classes else 0 for c in range(10)]
    assert stream.train[0].inputs(slice(0, 9)).min() == 0
    assert stream.train[0].inputs(slice(0, 9)).max() == 1


def test_permutations_are_permutations_shared_by_train_and_test() -> None:
    stream = make_stream(BENCHMARKS["permuted_mnist"], TrainingBudget(epochs=1, tasks=3), seed=5)
    again = make_stream(BENCHMARKS["permuted_mnist"], TrainingBudget(epochs=1, tasks=2), seed=5)
    other = make_stream(BENCHMARKS["permuted_mnist"], TrainingBudget(epochs=1, tasks=2), seed=6)
    orders = [permutation(data) for data in stream.train]
    for order, test in zip(orders, stream.test, strict=True):
        assert torch.equal(order, permutation(test))
        assert torch.equal(order.sort().values, torch.arange(784))
    assert not torch.equal(orders[0], orders[1])
    assert torch.equal(permutation(again.train[1]), orders[1])
    assert not torch.equal(permutation(other.train[1]), orders[1])
    with np.load(PACKAGED / "mnist.npz") as arrays:
        pixels = arrays["train_images"][11].reshape(-1)[orders[1].numpy()] / 255
    np.testing.assert_allclose(stream.train[1].inputs(slice(11, 12)).flatten(), pixels, rtol=1e-6)


def test_related_tasks_share_a_permutation_after_a_rotation() -> None:
    benchmark = BENCHMARKS["permuted_mnist_related"]
    budget = replace(WHOLE, train_examples=20, test_examples=20)
    stream = make_stream(benchmark, budget, seed=5)
    first, second = permutation(stream.train[0]), permutation(stream.train[1])
    assert not torch.equal(first, second)
    plain = make_stream(BENCHMARKS["permuted_mnist"], budget, seed=5)
    assert torch.equal(plain.train[1].inputs(), stream.train[1].inputs())
    images = plain.train[0].images.pixels
    for task, angle in enumerate(benchmark.rotations):
        for data in (stream.train[task], stream.test[task]):
            expected = (first, second, None)[benchmark.pixel_orders[task]]
            assert expected is None or torch.equal(permutation(data), expected)
        if angle == 90:
            turned = stream.train[task].images.pixels
            assert torch.equal(turned, torch.rot90(images, 1, (2, 3)))
    assert torch.equal(stream.train[2].inputs(), stream.train[0].inputs())
    slightly, more = (stream.train[task].images.pixels.float() for task in (3, 4))
    change = (slightly - images.float()).abs().mean()
    assert 0 < change < (more - images.float()).abs().mean()


def test_validation_looks_at_no_test_data() -> None:
    training = TrainingBudget(epochs=1, tasks=2, validation=True)
    stream = make_stream(BENCHMARKS["split_mnist"], training, seed=0)
    whole = make_stream(BENCHMARKS["split_mnist"], TrainingBudget(epochs=1, tasks=2), seed=0)
    for task in range(2):
        first, last, every = stream.train[task], stream.test[task], whole.train[task]
        assert len(first) == len(every) * 9 // 10
        joined = torch.cat([first.images.pixels, last.images.pixels])
        assert torch.equal(joined, every.images.pixels)


def test_a_budget_takes_no_more_tasks_than_there_are() -> None:
    benchmark = BENCHMARKS["split_mnist"]
    for tasks, taken in ((None, 5), (2, 2)):
        assert benchmark.under(TrainingBudget(epochs=1, tasks=tasks)).tasks == taken
    with pytest.raises(ValueError, match="has 5 tasks"):
        benchmark.under(TrainingBudget(epochs=1, tasks=20))


def test_a_stream_has_the_ordered_classes() -> None:
    budget = TrainingBudget(epochs=1, class_order=3, train_examples=200, test_examples=50)
    stream = make_stream(BENCHMARKS["split_mnist"], budget, seed=0)
    benchmark = stream.benchmark
    for classes, task in zip(benchmark.classes, stream.test, strict=True):
        assert set(task.images.labels.tolist()) == set(classes)
    assert benchmark.classes != BENCHMARKS["split_mnist"].classes


def test_patience_holds_training_data_out() -> None:
    budget = TrainingBudget(epochs=1, decay=False, patience=2, train_examples=200, test_examples=50)
    stream = make_stream(BENCHMARKS["split_mnist"], budget, seed=0)
    assert [len(task) for task in stream.train] == [180] * 5
    assert [len(task) for task in stream.held_out] == [20] * 5
    assert [len(task) for task in stream.test] == [50] * 5


def made_up(labels: list[int], groups: list[int]) -> Images:
    """Images that are their own numbers."""
    numbers = torch.arange(len(labels), dtype=torch.uint8).reshape(-1, 1, 1, 1)
    return Images(numbers, torch.tensor(labels), torch.tensor(groups))


@pytest.fixture
def few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    train = made_up([5, 7, 2, 5, 7, 2, 9], [1, 0, 1, 1, 0, 2, 2])
    monkeypatch.setattr("harness.data.streams.load", lambda name, data: (train, train[:4]))


def numbers(tasks: Sequence[TaskData]) -> list[list[int]]:
    return [task.images.pixels.flatten().tolist() for task in tasks]


@pytest.mark.usefixtures("few_images")
def test_shared_outputs_count_classes_in_the_order_of_the_benchmark() -> None:
    ordered = replace(BENCHMARKS["split_mnist"], classes=((7, 5), (2, 9)))
    for outputs in ("shared", "heads"):
        stream = make_stream(ordered, replace(WHOLE, outputs=outputs), seed=0)
        assert numbers(stream.train) == [[0, 1, 3, 4], [2, 5, 6]]
        assert [task.images.labels.tolist() for task in stream.train] == [[1, 0, 1, 0], [0, 0, 1]]
        assert numbers(stream.test) == [[0, 1, 3], [2]]
    own = make_stream(ordered, WHOLE, seed=0)
    assert [task.images.labels.tolist() for task in own.train] == [[5, 7, 5, 7], [2, 2, 9]]


@pytest.mark.usefixtures("few_images")
def test_classes_of_groups_are_numbered_over_the_stream_or_within_each_group() -> None:
    """The data set numbers them within each: 7, 2 in group 0; 5, 2, 5 in group 1; 2, 9 in 2."""
    grouped = replace(
        BENCHMARKS["split_omniglot"],
        groups=(2, 1),
        classes=(tuple(range(100, 110)), tuple(range(40, 50))),
    )
    own, relative = (
        make_stream(grouped, replace(WHOLE, outputs=outputs), seed=0)
        for outputs in ("own", "shared")
    )
    assert [task.images.labels.tolist() for task in own.train] == [[102, 109], [45, 42, 45]]
    assert [task.images.labels.tolist() for task in relative.train] == [[2, 9], [5, 2, 5]]
    assert numbers(own.train) == numbers(relative.train)


@needs_data
@pytest.mark.parametrize("order", [None, 3])
@pytest.mark.parametrize("name", ["split_cifar100", "split_omniglot"])
def test_every_example_of_a_task_is_of_its_classes(name: str, order: int | None) -> None:
    """By their own numbers, which differ from task to task, and by those that all tasks share."""
    own, relative = (
        make_stream(
            BENCHMARKS[name],
            TrainingBudget(epochs=1, tasks=4, outputs=outputs, class_order=order),
            seed=0,
            data=Path(DATA),
        )
        for outputs in ("own", "shared")
    )
    for split in ("train", "test"):
        pairs = zip(getattr(own, split), getattr(relative, split), strict=True)
        for task, (data, shared) in enumerate(pairs):
            classes = own.benchmark.classes[task]
            assert set(data.images.labels.tolist()) == set(classes)
            assert torch.equal(torch.tensor(classes)[shared.images.labels], data.images.labels)
            assert torch.equal(data.images.pixels, shared.images.pixels)


@pytest.mark.usefixtures("few_images")
def test_groups_are_tasks_in_the_order_of_the_benchmark() -> None:
    grouped = replace(
        BENCHMARKS["split_mnist"], tasks_by="groups", groups=(2, 1), classes=((0,), (0,))
    )
    stream = make_stream(grouped, TrainingBudget(epochs=1, train_examples=2), seed=0)
    assert numbers(stream.train) == [[5, 6], [0, 2]]
    assert numbers(stream.test) == [[], [0, 2, 3]]


def test_a_stream_without_labels_has_no_experiences() -> None:
    budget = TrainingBudget(epochs=1, train_examples=64, test_examples=32, decay=False)
    stream = make_stream(BENCHMARKS["split_mnist_unsupervised"], budget, seed=0)
    assert stream.experiences == ()
    assert stream.unlabelled is not None
    assert len(stream.unlabelled.dataset) == 5 * 64
