"""A made-up run on a stream without task labels."""

from __future__ import annotations

import pytest

from harness.analysis.comparisons import comparisons
from harness.analysis.leaderboard import Leaderboard, leaderboard
from harness.analysis.selection import select
from harness.config.run import Run
from harness.config.scenarios import CLASS_IL, TASK_IL
from harness.storage import schema, store
from harness.storage.record import MethodDeclaration, Record
from harness.storage.schema import CLASSES_SEEN, Row, RowKeys
from harness.storage.store import Results

TASKS = 3
BORDERS = (0, 100, 200)


def _rows(detects: bool, seed: int) -> list[Row]:
    rows: list[Row] = [{"metric": "batches", "value": 300.0}]
    rows += [
        {"metric": "border", "task": task, "value": float(border)}
        for task, border in enumerate(BORDERS, start=1)
    ]
    rule = "max-logit" if detects else CLASSES_SEEN
    for after in range(TASKS + 1):
        for task in range(1, TASKS + 1):
            at: RowKeys = {"after": after, "task": task}
            rows.append({**at, "metric": "accuracy", "scenario": TASK_IL, "value": 0.9})
            if task <= after:
                named: RowKeys = {**at, "scenario": CLASS_IL, "rule": rule}
                rows.append({**named, "metric": "accuracy", "value": 0.7})
            if task <= after < TASKS:
                old: RowKeys = {**at, "scenario": CLASS_IL, "rule": "max-logit"}
                level = 0.8 + seed / 10
                rows.append({**old, "metric": "old_new_auroc", "value": level})
                rows.append({**old, "metric": "old_new_fpr", "value": 0.3})
    if detects:
        rows += [
            {"metric": "switch", "other": mask, "value": float(border + 2 + seed)}
            for mask, border in enumerate(BORDERS, start=1)
        ]
        for task in range(1, TASKS + 1):
            for other in range(1, TASKS + 1):
                pair: RowKeys = {"after": TASKS, "task": task, "other": other}
                pair["scenario"] = CLASS_IL
                under = 0.9 if task == other else task / 10 + other / 100
                rows.append({**pair, "metric": "accuracy_under", "value": under})
    return rows


@pytest.fixture(scope="session")
def unlabelled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, Leaderboard]:
    """Two seeds each of a method that detects tasks and of one that does not."""
    root = tmp_path_factory.mktemp("unlabelled")
    for seed in range(2):
        for name, rule in (("rmn_unsupervised", "max-logit"), ("naive", "")):
            run = Run(
                benchmark="split_mnist_unsupervised",
                scenario=CLASS_IL,
                baseline=name,
                settings={},
                profile="default",
                training={"epochs": 1, "tasks": TASKS, "norm": "shared", "outputs": "own"},
                seed=seed,
                versions={"rows": 1},
            )
            rows = schema.table(_rows(bool(rule), seed), run)
            store.save(root, Record(run, MethodDeclaration(name.upper(), rule=rule)), rows)
    stored = store.read(root, "split_mnist_unsupervised", "default")
    [comparison] = comparisons(select(stored))
    return comparison.results, leaderboard(comparison)
