"""Batches from tensors are what Avalanche's own loaders give, and strategies take them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from avalanche.benchmarks import DatasetExperience, benchmark_from_datasets
from avalanche.benchmarks.utils import AvalancheDataset, DataAttribute, as_classification_dataset
from avalanche.training.plugins import EvaluationPlugin, ReplayPlugin, SupervisedPlugin
from avalanche.training.supervised import Naive
from torch import Tensor

from harness.training.networks import mlp
from rmn import FastLoading
from rmn.loading import Batches

Batch = list[Tensor]


class Recorder(SupervisedPlugin):
    """Keeps every batch that a strategy sees."""

    def __init__(self) -> None:
        super().__init__()
        self.train: list[Batch] = []
        self.eval: list[Batch] = []

    def before_forward(self, strategy: Any, **kwargs: Any) -> None:
        self.train.append([part.clone() for part in strategy.mbatch])

    def before_eval_forward(self, strategy: Any, **kwargs: Any) -> None:
        self.eval.append([part.clone() for part in strategy.mbatch])


def strategy(*plugins: SupervisedPlugin, epochs: int = 1) -> Naive:
    torch.manual_seed(0)
    model = mlp(10)
    return Naive(
        model=model,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.01),
        criterion=torch.nn.CrossEntropyLoss(),
        train_mb_size=100,
        eval_mb_size=150,
        train_epochs=epochs,
        plugins=list(plugins),
        evaluator=EvaluationPlugin(),
    )


def sorted_rows(batches: Sequence[Batch]) -> Tensor:
    """All examples as rows of inputs, class and label, in an order of their own."""
    rows = torch.cat([torch.cat([x.flatten(1), y[:, None], t[:, None]], 1) for x, y, t in batches])
    return rows[rows.mul(torch.arange(1.0, rows.shape[1] + 1)).sum(1).argsort()]


def test_each_epoch_has_every_example_once_as_with_the_stock_loader(
    experiences: Sequence[DatasetExperience],
) -> None:
    ours, stock = Recorder(), Recorder()
    strategy(FastLoading(), ours).train(experiences[1])
    strategy(stock).train(experiences[1])
    assert [len(y) for _, y, _ in ours.train] == [len(y) for _, y, _ in stock.train]
    assert torch.equal(sorted_rows(ours.train), sorted_rows(stock.train))


def test_each_epoch_has_another_order_and_a_seed_repeats_it(
    experiences: Sequence[DatasetExperience],
) -> None:
    seen = [Recorder(), Recorder()]
    for one in seen:
        strategy(FastLoading(), one, epochs=2).train(experiences[0])
    first, again = ([x for x, *_ in one.train] for one in seen)
    assert all(map(torch.equal, first, again))
    half = len(first) // 2
    assert not torch.equal(torch.cat(first[:half]), torch.cat(first[half:]))


def test_an_evaluation_has_the_batches_of_the_stock_loader_in_their_order(
    experiences: Sequence[DatasetExperience],
) -> None:
    ours, stock = Recorder(), Recorder()
    strategy(FastLoading(), ours).eval(list(experiences[:2]))
    strategy(stock).eval(list(experiences[:2]))
    assert len(ours.eval) == len(stock.eval) == 6
    for one, other in zip(ours.eval, stock.eval, strict=True):
        assert all(map(torch.equal, one, other))


def counting(reads: list[int], noise: float = 0.0) -> DatasetExperience:
    """An experience that notes which of its eight examples is read, and may draw them anew."""

    class Counted(torch.utils.data.Dataset[tuple[Tensor, int]]):
        def __len__(self) -> int:
            return 8

        def __getitem__(self, index: int) -> tuple[Tensor, int]:
            reads.append(index)
            return index + noise * torch.rand(1, 28, 28), index % 2

    attributes = [
        DataAttribute([0, 1] * 4, "targets"),
        DataAttribute([0] * 8, "targets_task_labels", use_in_getitem=True),
    ]
    data = as_classification_dataset(AvalancheDataset([Counted()], data_attributes=attributes))
    [experience] = benchmark_from_datasets(train=[data]).train_stream
    return experience


def test_an_experience_is_read_once_for_all_evaluations() -> None:
    reads: list[int] = []
    experience, learner = counting(reads), strategy(FastLoading())
    learner.eval([experience])
    once = len(reads)
    learner.eval([experience])
    assert len(reads) == once


def test_random_augmentations_are_refused() -> None:
    with pytest.raises(ValueError, match="two readings of an example differ"):
        strategy(FastLoading()).train(counting([], noise=0.1))


def test_a_missing_number_is_the_same_in_two_readings() -> None:
    reads: list[int] = []
    strategy(FastLoading()).eval([counting(reads, noise=math.nan)])
    assert len(reads) > 8


def test_a_replay_plugin_still_mixes_in_what_it_stores(
    experiences: Sequence[DatasetExperience],
) -> None:
    seen = Recorder()
    learner = strategy(FastLoading(), ReplayPlugin(mem_size=50), seen)
    learner.train(experiences[0])
    seen.train.clear()
    learner.train(experiences[1])
    assert {int(t) for _, _, labels in seen.train for t in labels} == {0, 1}


@pytest.mark.parametrize(("drop_last", "sizes"), [(False, [4, 4, 2]), (True, [4, 4])])
def test_a_last_batch_that_is_smaller_may_be_left_out(drop_last: bool, sizes: list[int]) -> None:
    batches = Batches((torch.arange(10),), 4, shuffle=True, drop_last=drop_last)
    assert len(batches) == len(sizes)
    assert [len(one) for (one,) in batches] == sizes
