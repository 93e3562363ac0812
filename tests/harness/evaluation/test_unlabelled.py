"""What is measured of a learner without task labels, against slow references and by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from harness.config.benchmarks import Benchmark
from harness.config.budgets import TrainingBudget
from harness.data.datasets import Images, TaskData
from harness.evaluation.unlabelled import MaskAssignment, evaluate_unlabelled
from harness.storage.schema import Row

BENCHMARK = Benchmark(
    name="toy",
    title="",
    summary="",
    dataset="",
    network="",
    tasks_by="classes",
    classes=((0,), (1,), (2, 3)),
    budgets={"default": TrainingBudget(epochs=1)},
    labelled=False,
)
SIZE = 20


def data() -> Iterator[TaskData]:
    """Inputs of four values that stand for logits."""
    generator = torch.Generator().manual_seed(0)
    for classes in BENCHMARK.classes:
        labels = torch.tensor(classes).repeat(SIZE)[:SIZE]
        pixels = torch.randint(0, 256, (SIZE, 1, 1, 4), generator=generator, dtype=torch.uint8)
        yield TaskData(Images(pixels, labels, torch.zeros_like(labels)))


class Masks:
    """Three masks over the inputs: theirs, theirs halved, theirs reversed."""

    def __init__(self) -> None:
        self.model = nn.Flatten()
        self.switches = (0, 10, 20)

    def logits_per_task(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        return torch.stack([flat, flat / 2, flat.flip(1)])


def rows_of(
    strategy: Any, after: int, assignment: MaskAssignment | None = None
) -> tuple[tuple[TaskData, ...], list[Row]]:
    test = tuple(data())
    device = torch.device("cpu")
    rows = list(evaluate_unlabelled(strategy, BENCHMARK, "class-il", test, after, device, assignment))
    return test, rows


def pick(rows: Sequence[Row], metric: str, **wanted: object) -> float:
    found = [
        row["value"]
        for row in rows
        if row["metric"] == metric and all(row.get(k) == v for k, v in wanted.items())
    ]
    assert len(found) == 1
    return found[0]


def test_masks_belong_to_the_task_that_taught_them() -> None:
    # three tasks, four masks: the second mask begins late, the third is a false alarm
    counts = torch.tensor([[8, 0, 0], [8, 0, 0], [2, 6, 0], [0, 8, 0], [0, 8, 0], [0, 0, 8]])
    assignment = MaskAssignment.of(counts, [0, 3, 4, 5])
    assert assignment.task_of.tolist() == [0, 1, 1, 2]
    assert assignment.mask_of.tolist() == [0, 1, 3]


def test_old_is_told_from_new_as_a_slow_count_says() -> None:
    test, rows = rows_of(SimpleNamespace(model=nn.Flatten()), after=2)
    confident = [task.inputs().flatten(1)[:, :2].amax(1).tolist() for task in test]
    for task in (0, 1):
        pairs = list(itertools.product(confident[task], confident[2]))
        wins = sum(1.0 if old > new else 0.5 if old == new else 0.0 for old, new in pairs)
        measured = pick(rows, "old_new_auroc", task=task + 1, rule="max-logit")
        assert measured == pytest.approx(wins / len(pairs))
        threshold = np.quantile(confident[task], 0.05)
        accepted = sum(new >= threshold for new in confident[2]) / SIZE
        measured = pick(rows, "old_new_fpr", task=task + 1, rule="max-logit")
        assert measured == pytest.approx(accepted)


def test_there_is_nothing_new_after_the_last_task() -> None:
    _, rows = rows_of(SimpleNamespace(model=nn.Flatten()), after=3)
    assert not any(row["metric"].startswith("old_new") for row in rows)


def test_a_network_without_masks_chooses_among_the_classes_seen() -> None:
    test, rows = rows_of(SimpleNamespace(model=nn.Flatten()), after=2)
    logits = test[1].inputs().flatten(1)
    agnostic = (logits[:, :2].argmax(1) == 1).float().mean()
    measured = pick(rows, "accuracy", task=2, scenario="class-il", rule="classes seen")
    assert measured == pytest.approx(float(agnostic))
    assert pick(rows, "accuracy", task=2, scenario="task-il") == 1  # a task of one class


def test_masks_are_inferred_alone_and_together() -> None:
    assignment = MaskAssignment(torch.tensor([0, 1, 2]), torch.tensor([0, 1, 2]))
    test, rows = rows_of(Masks(), 3, assignment)
    for task in range(3):
        logits = Masks().logits_per_task(test[task].inputs())
        scores = logits.amax(-1)  # (masks, n)
        named = scores.argmax(0)
        answers = logits[named, torch.arange(SIZE)].argmax(-1)
        row = {"task": task + 1, "rule": "max-logit"}
        right = (answers == test[task].images.labels).float().mean()
        assert pick(rows, "accuracy", **row) == pytest.approx(float(right))
        for other in range(3):
            taken = (named == other).float().mean()
            assert pick(rows, "inferred_as", other=other + 1, **row) == pytest.approx(float(taken))
            under = (logits[other].argmax(-1) == test[task].images.labels).float().mean()
            measured = pick(rows, "accuracy_under", task=task + 1, other=other + 1)
            assert measured == pytest.approx(float(under))
        added = [scores[:, start : start + 10].sum(1).argmax() == task for start in (0, 10)]
        measured = pick(rows, "inferred_together", other=10, **row)
        assert measured == pytest.approx(sum(added) / 2)
