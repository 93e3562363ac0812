"""Streams hold the real data, the right classes and the right permutations."""

import numpy as np
import pytest
import torch

from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.data.datasets import PACKAGED, DataUnavailableError, load
from harness.data.streams import make_stream

WHOLE = TrainingBudget(epochs=1)


def test_split_mnist_has_the_published_class_counts():
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


def test_permutations_are_permutations_shared_by_train_and_test():
    stream = make_stream(BENCHMARKS["permuted_mnist"], TrainingBudget(epochs=1, tasks=3), seed=5)
    again = make_stream(BENCHMARKS["permuted_mnist"], TrainingBudget(epochs=1, tasks=2), seed=5)
    other = make_stream(BENCHMARKS["permuted_mnist"], TrainingBudget(epochs=1, tasks=2), seed=6)
    orders = [data.permutation for data in stream.train]
    for order, test in zip(orders, stream.test, strict=True):
        assert torch.equal(order, test.permutation)
        assert torch.equal(order.sort().values, torch.arange(784))
    assert not torch.equal(orders[0], orders[1])
    assert torch.equal(again.train[1].permutation, orders[1])
    assert not torch.equal(other.train[1].permutation, orders[1])
    with np.load(PACKAGED / "mnist.npz") as arrays:
        pixels = arrays["train_images"][11].reshape(-1)[orders[1].numpy()] / 255
    np.testing.assert_allclose(stream.train[1].inputs(slice(11, 12)).flatten(), pixels, rtol=1e-6)


def test_validation_looks_at_no_test_data():
    training = TrainingBudget(epochs=1, tasks=2, validation=True)
    stream = make_stream(BENCHMARKS["split_mnist"], training, seed=0)
    whole = make_stream(BENCHMARKS["split_mnist"], TrainingBudget(epochs=1, tasks=2), seed=0)
    for task in range(2):
        first, last, every = stream.train[task], stream.test[task], whole.train[task]
        assert len(first) == len(every) * 9 // 10
        joined = torch.cat([first.images.pixels, last.images.pixels])
        assert torch.equal(joined, every.images.pixels)


def test_a_budget_takes_no_more_tasks_than_there_are():
    benchmark = BENCHMARKS["split_mnist"]
    for tasks, taken in ((None, 5), (2, 2)):
        assert benchmark.under(TrainingBudget(epochs=1, tasks=tasks)).tasks == taken
    with pytest.raises(ValueError, match="has 5 tasks"):
        benchmark.under(TrainingBudget(epochs=1, tasks=20))


def test_data_that_are_missing_or_altered_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"mnist\.npz"):
        load("mnist", tmp_path)
    (tmp_path / "mnist.npz").write_bytes((PACKAGED / "mnist.npz").read_bytes()[:-1])
    with pytest.raises(DataUnavailableError, match="sha256"):
        load("mnist", tmp_path)
