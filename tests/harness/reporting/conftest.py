"""Made-up results, read and compared: those of `tests/harness`, and some without task labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.analysis.comparisons import Comparison, comparisons
from harness.analysis.leaderboard import Leaderboard, leaderboard
from harness.analysis.selection import select
from harness.config.run import Run
from harness.config.scenarios import CLASS_IL, TASK_IL
from harness.storage import schema, store
from harness.storage.record import MethodDeclaration, Record
from harness.storage.schema import CLASSES_SEEN, Row, RowKeys
from harness.storage.store import Results

UNLABELLED_TASKS = 3
BOUNDARIES = (0, 100, 200)


@pytest.fixture(scope="session")
def compared(results: Path) -> list[Comparison]:
    """In task-il and in class-il."""
    return comparisons(select(store.read(results, "split_mnist", "default")))


@pytest.fixture(scope="session")
def boards(compared: list[Comparison]) -> list[Leaderboard]:
    """Their leaderboards."""
    return [leaderboard(one) for one in compared]


@pytest.fixture(scope="session")
def found(compared: list[Comparison]) -> Results:
    """The runs in task-il."""
    return compared[0].results


@pytest.fixture(scope="session")
def board(boards: list[Leaderboard]) -> Leaderboard:
    """Their leaderboard."""
    return boards[0]


@pytest.fixture(scope="session")
def class_il(compared: list[Comparison], boards: list[Leaderboard]) -> tuple[Results, Leaderboard]:
    """The runs in class-il and their leaderboard."""
    return compared[1].results, boards[1]


def _rows(detects: bool, seed: int) -> list[Row]:
    rows: list[Row] = [{"metric": "batches", "value": 300.0}]
    rows += [
        {"metric": "border", "task": task, "value": float(boundary)}
        for task, boundary in enumerate(BOUNDARIES, start=1)
    ]
    rule = "max-logit" if detects else CLASSES_SEEN
    for after in range(UNLABELLED_TASKS + 1):
        for task in range(1, UNLABELLED_TASKS + 1):
            at: RowKeys = {"after": after, "task": task}
            rows.append({**at, "metric": "accuracy", "scenario": TASK_IL, "value": 0.9})
            if task <= after:
                named: RowKeys = {**at, "scenario": CLASS_IL, "rule": rule}
                rows.append({**named, "metric": "accuracy", "value": 0.7})
            if task <= after < UNLABELLED_TASKS:
                old: RowKeys = {**at, "scenario": CLASS_IL, "rule": "max-logit"}
                level = 0.8 + seed / 10
                rows.append({**old, "metric": "old_new_auroc", "value": level})
                rows.append({**old, "metric": "old_new_fpr", "value": 0.3})
    if detects:
        rows += [
            {"metric": "switch", "other": mask, "value": float(boundary + 2 + seed)}
            for mask, boundary in enumerate(BOUNDARIES, start=1)
        ]
        for task in range(1, UNLABELLED_TASKS + 1):
            for other in range(1, UNLABELLED_TASKS + 1):
                pair: RowKeys = {"after": UNLABELLED_TASKS, "task": task, "other": other}
                pair["scenario"] = CLASS_IL
                under = 0.9 if task == other else task / 10 + other / 100
                rows.append({**pair, "metric": "accuracy_under", "value": under})
    return rows


@pytest.fixture(scope="session")
def unlabelled_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seeds each of a method that detects tasks and of one that does not, without labels."""
    root = tmp_path_factory.mktemp("unlabelled")
    budget = {"epochs": 1, "batch_size": 128, "learning_rate": 0.002, "decay": False}
    for seed in range(2):
        for name, rule in (("rmn_unsupervised", "max-logit"), ("naive", "")):
            run = Run(
                benchmark="split_mnist_unsupervised",
                scenario=CLASS_IL,
                baseline=name,
                settings={},
                profile="default",
                training={
                    **budget,
                    "tasks": UNLABELLED_TASKS,
                    "norm": "shared",
                    "outputs": "own",
                },
                seed=seed,
                versions={"rows": 1},
            )
            rows = schema.table(_rows(bool(rule), seed), run)
            store.save(root, Record(run, MethodDeclaration(name.upper(), rule=rule)), rows)
    return root


@pytest.fixture(scope="session")
def unlabelled(unlabelled_results: Path) -> tuple[Results, Leaderboard]:
    """These runs and their leaderboard."""
    stored = store.read(unlabelled_results, "split_mnist_unsupervised", "default")
    [comparison] = comparisons(select(stored))
    return comparison.results, leaderboard(comparison)
