"""The parts of every evaluation against hand-worked values and laws."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from harness.config.benchmarks import BENCHMARKS, Benchmark
from harness.config.budgets import TrainingBudget
from harness.evaluation.accuracy import accuracy_row, class_table, in_batches, share

UNEVEN = replace(BENCHMARKS["split_mnist"], classes=((3, 0), (1,)), total_classes=4)


def test_outputs_of_classes_are_their_labels() -> None:
    assert class_table(UNEVEN).int().tolist() == [[1, 0, 0, 1], [0, 1, 0, 0]]


def test_shared_outputs_count_from_the_first_in_every_task() -> None:
    shared = replace(UNEVEN, relative=True)
    assert class_table(shared).int().tolist() == [[1, 1], [1, 0]]


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_task_of_every_benchmark_has_as_many_outputs_as_classes(name: str) -> None:
    benchmark = BENCHMARKS[name]
    for outputs in ("auto", "shared"):
        budgeted = benchmark.under(TrainingBudget(epochs=1, outputs=outputs))
        check_table(budgeted, class_table(budgeted))


def check_table(benchmark: Benchmark, table: Tensor) -> None:
    assert table.shape == (benchmark.tasks, benchmark.outputs)
    assert table.sum(1).tolist() == [len(classes) for classes in benchmark.classes]


@given(st.integers(1, 40), st.integers(1, 12))
def test_batches_are_small_and_in_order(examples: int, size: int) -> None:
    x = torch.arange(2.0 * examples).reshape(examples, 2)
    sizes: list[int] = []

    def doubled(part: Tensor) -> Tensor:
        sizes.append(len(part))
        return 2 * part

    assert torch.equal(in_batches(doubled, x, size=size), 2 * x)
    assert max(sizes) <= size
    assert len(sizes) == -(-examples // size)
    along_second = in_batches(lambda part: torch.stack([part, -part]), x, dim=1, size=size)
    assert torch.equal(along_second, torch.stack([x, -x]))


def test_an_output_that_is_not_allowed_is_never_chosen() -> None:
    logits = torch.tensor([[9.0, 1.0, 2.0], [9.0, 2.0, 1.0], [9.0, -5.0, -6.0]])
    allowed = torch.tensor([False, True, True])
    row = accuracy_row(logits, allowed, torch.tensor([2, 2, 1]), "task-il")
    assert row == {"metric": "accuracy", "scenario": "task-il", "value": 2 / 3}
    everything = accuracy_row(logits, torch.ones(3).bool(), torch.tensor([0, 0, 0]), "task-il")
    assert everything["value"] == 1


def test_logits_stay_as_they_are() -> None:
    logits = torch.randn(5, 3)
    before = logits.clone()
    accuracy_row(logits, torch.tensor([True, False, True]), torch.zeros(5).long(), "task-il")
    assert torch.equal(logits, before)


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_a_share_is_a_count_over_the_number(flags: list[bool]) -> None:
    assert share(torch.tensor(flags)) == pytest.approx(sum(flags) / len(flags), rel=1e-12)
