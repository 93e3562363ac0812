"""The fast path feeds the same data as the slow one, and trains to the same loss."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
import torch
from avalanche.benchmarks.utils import TaskAwareSupervisedClassificationDataset
from avalanche.training.plugins import EvaluationPlugin, SupervisedPlugin
from avalanche.training.supervised import Naive
from torch import Tensor, nn
from torch.utils.data import DataLoader

from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.data.loading import BatchLoader, TensorClassificationDataset, TensorLoading
from harness.data.streams import Stream, make_stream
from harness.training.networks import mlp

TRAINING = TrainingBudget(epochs=1, train_examples=200, test_examples=100, tasks=3)


@pytest.fixture(scope="module", params=["split_mnist", "permuted_mnist"])
def stream(request: pytest.FixtureRequest) -> Stream:
    return make_stream(BENCHMARKS[request.param], TRAINING, seed=3)


@pytest.fixture
def dataset(stream: Stream) -> TensorClassificationDataset:
    found = stream.experiences[1].dataset
    assert isinstance(found, TensorClassificationDataset)
    return found


def columns(batches: Iterable[list[Tensor]]) -> list[Tensor]:
    """All inputs, all classes and all task labels."""
    return [torch.cat(column) for column in zip(*batches, strict=True)]


def test_an_epoch_has_every_example_once(dataset: TensorClassificationDataset) -> None:
    x, y, t = columns(BatchLoader(dataset, 32, seed=0))
    assert len(x) == len(dataset) == 200
    assert sorted(x.flatten(1).sum(1).tolist()) == sorted(
        dataset[i][0].sum().item() for i in range(len(dataset))
    )
    assert sorted(y.tolist()) == sorted(dataset.targets)
    assert set(t.tolist()) == {1}


def test_the_order_depends_on_the_seed_and_the_epoch(dataset: TensorClassificationDataset) -> None:
    loader, again = BatchLoader(dataset, 32, seed=0), BatchLoader(dataset, 32, seed=0)
    first, second = columns(loader)[0], columns(loader)[0]
    assert not torch.equal(first, second)
    assert torch.equal(columns(again)[0], first)
    assert torch.equal(columns(again)[0], second)
    assert not torch.equal(columns(BatchLoader(dataset, 32, seed=1))[0], first)


def test_a_batch_is_its_examples(dataset: TensorClassificationDataset) -> None:
    x, y, t = dataset.gather(torch.tensor([7, 3, 190]))
    for k, index in enumerate((7, 3, 190)):
        one, label, task = dataset[index]
        assert torch.equal(x[k], one)
        assert (int(y[k]), int(t[k])) == (label, task)


def test_pytorchs_loader_gets_whole_batches(dataset: TensorClassificationDataset) -> None:
    batches: DataLoader[list[Tensor]] = DataLoader(
        dataset, batch_size=64, collate_fn=dataset.collate_fn
    )
    x, y, _ = columns(batches)
    assert torch.equal(x, dataset.gather(torch.arange(200))[0])
    assert y.tolist() == list(dataset.targets)


def test_subset_and_concat(stream: Stream) -> None:
    first, second = (stream.experiences[task].dataset for task in (0, 1))
    both = first.concat(second)
    assert len(both) == 400
    assert list(both.targets) == [*first.targets, *second.targets]
    x, y, t = both.gather(torch.tensor([399, 0, 200, 199]))
    assert t.tolist() == [1, 0, 1, 0]
    assert torch.equal(x[0], second[199][0])
    assert torch.equal(x[1], first[0][0])
    assert torch.equal(x[2], second[0][0])
    assert y[3] == first.targets[199]
    part = both.subset([399, 5, 6, 250])
    assert torch.equal(part[0][0], second[199][0])
    assert list(part.targets_task_labels) == [1, 0, 0, 1]


def test_a_data_set_is_made_again_of_its_parts(stream: Stream) -> None:
    first, second = (stream.experiences[task].dataset for task in (0, 1))
    mixed = first.concat(second).subset([399, 5, 6, 250])
    parts = mixed.parts()
    assert [(rows.tolist(), label) for _, rows, label in parts] == [
        ([199], 1),
        ([5, 6], 0),
        ([50], 1),
    ]
    again = TensorClassificationDataset.of_parts(parts)
    every = torch.arange(4)
    assert all(map(torch.equal, again.gather(every), mixed.gather(every)))


def test_a_last_batch_of_one_is_left_out(dataset: TensorClassificationDataset) -> None:
    loader = BatchLoader(dataset, 199, seed=0)
    assert [len(batch[1]) for batch in loader] == [199]
    assert len(loader) == 1


@pytest.fixture
def three(stream: Stream) -> TensorClassificationDataset:
    """Three tasks, of 200, 70 and 33 examples."""
    parts = [experience.dataset for experience in stream.experiences]
    joined = parts[0].concat(parts[1].subset(range(70))).concat(parts[2].subset(range(33)))
    assert isinstance(joined, TensorClassificationDataset)
    return joined


def test_by_task_each_batch_is_of_one_task_and_each_example_in_one(
    three: TensorClassificationDataset,
) -> None:
    loader = BatchLoader(three, 32, seed=0, by_task=True)
    batches = list(loader)
    labels = [set(t.tolist()) for _, _, t in batches]
    assert all(len(tasks) == 1 for tasks in labels)
    turns = [tasks.pop() for tasks in labels]
    assert [turns.count(task) for task in range(3)] == [7, 3, 1]  # that of a single one is left out
    assert len(loader) == len(batches) == 11
    assert turns != sorted(turns)
    x, y, t = columns(batches)
    sums = [three[i][0].sum().item() for i in range(270)]
    known = t < 2
    assert sorted(x[known].flatten(1).sum(1).tolist()) == sorted(sums)
    assert sorted(y[known].tolist()) == sorted(list(three.targets)[:270])
    assert int((t == 2).sum()) == 32


def test_by_task_the_order_is_decided_by_the_seed(three: TensorClassificationDataset) -> None:
    loader, again = (BatchLoader(three, 32, seed=0, by_task=True) for _ in range(2))
    first, second = columns(loader), columns(loader)
    for epoch in (first, second):
        assert all(map(torch.equal, columns(again), epoch))
    assert not torch.equal(first[2], second[2])
    assert not torch.equal(columns(BatchLoader(three, 32, seed=1, by_task=True))[2], first[2])


def test_one_task_alone_is_loaded_alike_by_task_and_not(
    dataset: TensorClassificationDataset,
) -> None:
    by_task, mixed = (columns(BatchLoader(dataset, 32, 0, by_task=flag)) for flag in (True, False))
    assert all(map(torch.equal, by_task, mixed))


class SameOrder(SupervisedPlugin):
    """Stock loading, one example at a time, in the order of the fast loader."""

    def __init__(self, fast: bool) -> None:
        super().__init__()
        self.fast = fast

    def before_training_exp(self, strategy: Any, **kwargs: Any) -> None:
        dataset = strategy.experience.dataset
        loader = BatchLoader(dataset, strategy.train_mb_size, seed=1)
        if self.fast:
            strategy.dataloader = loader
            return
        order = torch.randperm(len(dataset), generator=loader.generator).tolist()
        size = strategy.train_mb_size
        strategy.dataloader = [
            torch.utils.data.default_collate([tuple(dataset[i]) for i in order[at : at + size]])
            for at in range(0, len(order), size)
        ]


def test_training_is_the_same_as_with_single_examples(stream: Stream) -> None:
    losses = []
    for fast in (True, False):
        torch.manual_seed(0)
        model = mlp(10)
        seen: list[float] = []

        class Losses(SupervisedPlugin):
            def after_backward(
                self, strategy: Any, seen: list[float] = seen, **kwargs: Any
            ) -> None:
                seen.append(float(strategy.loss.detach()))

        strategy = Naive(
            model=model,
            optimizer=torch.optim.Adam(model.parameters(), lr=2e-3),
            criterion=nn.CrossEntropyLoss(),
            train_mb_size=32,
            train_epochs=1,
            plugins=[SameOrder(fast), Losses()],
            evaluator=EvaluationPlugin(),
        )
        strategy.train(stream.experiences[0])
        losses.append(seen)
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_the_plugin_puts_the_fast_loader_in_place(stream: Stream) -> None:
    model = mlp(10)
    found = []

    class Look(SupervisedPlugin):
        def before_training_epoch(self, strategy: Any, **kwargs: Any) -> None:
            found.append(type(strategy.dataloader))

    strategy = Naive(
        model=model,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        criterion=nn.CrossEntropyLoss(),
        train_mb_size=64,
        plugins=[TensorLoading(0), Look()],
        evaluator=EvaluationPlugin(),
    )
    strategy.train(stream.experiences[0])
    assert found == [BatchLoader]


def test_the_bytes_are_those_of_pixels_and_labels(dataset: TensorClassificationDataset) -> None:
    assert dataset.nbytes == 200 * (28 * 28 + 8)
    assert dataset.subset([3, 3, 5]).nbytes == 3 * (28 * 28 + 8)


def test_other_data_sets_are_joined_by_avalanche(dataset: TensorClassificationDataset) -> None:
    other = TaskAwareSupervisedClassificationDataset([dataset.subset([4, 2])])
    assert not isinstance(other, TensorClassificationDataset)
    joined = dataset.concat(other)
    assert len(joined) == 202
    assert torch.equal(joined[200][0], dataset[4][0])
    assert dataset.concat([]) is dataset
