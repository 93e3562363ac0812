"""Runs that the tests of the store save: records and rows of a run, made without training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from harness.config.run import Run
from harness.storage import schema
from harness.storage.record import MethodDeclaration, Record


@pytest.fixture(scope="session")
def run() -> Run:
    return Run(
        benchmark="split_mnist",
        scenario="task-il",
        baseline="ewc",
        settings={"ewc_lambda": 10.0, "decay": None},
        profile="smoke",
        training={"epochs": 1},
        seed=0,
        # of a benchmark's version that is not known, so that a run may have any number of tasks
        versions={"benchmark": 0, "baseline": 1, "rows": 1},
        overrides={"ewc_lambda": 10.0},
    )


@pytest.fixture(scope="session")
def make_record() -> Callable[..., Record]:
    def record(run: Run, error: str = "", device: str = "cpu") -> Record:
        method = MethodDeclaration("EWC", "a paper", ("more than one model",), "task boundaries")
        return Record(run, method, {"device": device}, "failed" if error else "finished", error)

    return record


@pytest.fixture(scope="session")
def make_rows() -> Callable[..., pd.DataFrame]:
    def rows(run: Run, *values: float) -> pd.DataFrame:
        return schema.table(
            [
                {
                    "metric": "accuracy",
                    "scenario": "task-il",
                    "after": 1,
                    "task": n,
                    "value": value,
                }
                for n, value in enumerate(values or (0.5, 0.75), start=1)
            ],
            run,
        )

    return rows


@pytest.fixture(scope="session")
def files_under() -> Callable[[Path], dict[str, bytes]]:
    def files(folder: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != ".lock"
        }

    return files
