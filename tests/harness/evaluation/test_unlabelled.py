"""What is measured of a learner without task labels, against slow references and by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from harness.config.benchmarks import Benchmark
from harness.config.budgets import TrainingBudget
from harness.config.scenarios import CLASS_IL
from harness.data.datasets import Images, TaskData
from harness.data.unlabelled_streams import UnlabelledStream
from harness.evaluation.measurements import Snapshot
from harness.evaluation.unlabelled import MaskAssignment, evaluate_unlabelled, tasks_shown
from harness.storage.schema import Row


class Toy(Benchmark):
    """Of no data set that is known."""

    @property
    def outputs(self) -> int:
        """One for each value of an input."""
        return 4


BENCHMARK = Toy(
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
    strategy: Any,
    after: int,
    assignment: MaskAssignment | None = None,
    shown: int | None = None,
) -> tuple[tuple[TaskData, ...], list[Row]]:
    test = tuple(data())
    device = torch.device("cpu")
    begun = after if shown is None else shown
    asked = (strategy, BENCHMARK, CLASS_IL, test, after, device, assignment, begun)
    return test, list(evaluate_unlabelled(*asked))


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


def test_a_task_that_began_early_is_neither_old_nor_new() -> None:
    network = SimpleNamespace(model=nn.Flatten())
    test, rows = rows_of(network, after=1, shown=2)
    confident = [task.inputs().flatten(1)[:, :1].amax(1).numpy() for task in test]
    pairs = confident[0][:, None] - confident[2][None]
    expected = (pairs > 0).mean() + (pairs == 0).mean() / 2
    assert pick(rows, "old_new_auroc", task=1, rule="max-logit") == pytest.approx(expected)
    _, sharp = rows_of(network, after=1)
    assert pick(sharp, "old_new_auroc", task=1, rule="max-logit") != pytest.approx(expected)
    _, none_left = rows_of(network, after=2, shown=3)
    assert not any(row["metric"].startswith("old_new") for row in none_left)


def test_tasks_that_have_begun_are_counted() -> None:
    counts = torch.tensor([[4, 0, 0], [3, 1, 0], [0, 4, 0], [0, 1, 3]])
    stream = UnlabelledStream(cast(Any, None), (), counts, ends=(2, 3, 4))
    snapshot = Snapshot(cast(Any, None), BENCHMARK, cast(Any, None), 1, torch.device("cpu"))

    def rows(unlabelled: UnlabelledStream | None, after: int) -> list[Row]:
        shown = cast(Any, SimpleNamespace(unlabelled=unlabelled))
        return list(tasks_shown(replace(snapshot, stream=shown, after=after)))

    values = [pick(rows(stream, after), "tasks_shown", after=after) for after in (1, 2, 3)]
    assert values == [2, 2, 3]
    assert rows(None, 1) == []


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
