"""Runs with a few measurements, in memory and stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from harness.analysis.metrics import definition
from harness.config.run import Run
from harness.config.scenarios import CLASS_IL, TASK_IL
from harness.storage import schema, store
from harness.storage.record import MethodDeclaration, Record
from harness.storage.schema import Row

Finish = Callable[..., tuple[Record, pd.DataFrame]]


@pytest.fixture
def run() -> Run:
    return Run(
        benchmark="split_mnist",
        scenario=CLASS_IL,
        baseline="rmn",
        settings={"spread": 0.1, "decay": None},
        profile="smoke",
        training={"epochs": 1, "norm": "shared", "outputs": "own"},
        seed=0,
        # of a benchmark's version that is not known, so that a run may have any number of tasks
        versions={"benchmark": 0, "baseline": 1, "rows": 1},
    )


@pytest.fixture
def finish(run: Run) -> Finish:
    """Makes the record and the rows of a run: accuracies and some costs.

    They are with the identity given and, unless the run is in task-il, without it under two rules.
    """

    def make(
        matrix: NDArray[np.float64] | None = None, rule: str = "max-logit", **changes: object
    ) -> tuple[Record, pd.DataFrame]:
        changed = replace(run, **changes)  # type: ignore[arg-type]
        r = np.array([[0.5, 0.5], [0.9, 0.4], [0.7, 0.8]]) if matrix is None else matrix
        rows: list[Row] = [{"metric": "train_seconds", "after": 1, "value": 2.0}]
        for (after, task), value in np.ndenumerate(r):
            place: Row = {
                "metric": "accuracy",
                "after": after,
                "task": task + 1,
                "value": float(value),
            }
            rows.append({**place, "scenario": TASK_IL})
            rules = {rule: 0.5, "energy": 0.25} if changed.scenario != TASK_IL else {}
            for name, share in rules.items():
                lower: Row = {**place, "value": share * float(value)}
                rows.append({**lower, "scenario": changed.scenario, "rule": name})
        method = MethodDeclaration(changed.baseline.upper(), rule=rule)
        return Record(changed, method, {"device": "cpu"}), schema.table(rows, changed)

    return make


@pytest.fixture
def stored(tmp_path: Path, finish: Finish) -> Path:
    """A folder of results: two methods on one benchmark, one of them with a second setting too."""
    for seed in (0, 1):
        store.save(tmp_path, *finish(seed=seed))
        store.save(tmp_path, *finish(seed=seed, baseline="ewc"))
    spread = {"settings": {"spread": 0.2, "decay": None}, "overrides": {"spread": 0.2}}
    store.save(tmp_path, *finish(**spread))
    return tmp_path


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics registered by a test are forgotten after it."""
    definition.metrics()
    monkeypatch.setattr(definition._METRICS, "entries", definition._METRICS.known())
