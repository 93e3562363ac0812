from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.config.plan import plan
from harness.config.resolution import resolve
from harness.config.run import Run
from harness.config.scenarios import TASK_IL
from harness.execution.executor import ExecutionConfig
from harness.storage import provenance

TINY = TrainingBudget(epochs=2, train_examples=64, test_examples=32)


@pytest.fixture(scope="session")
def runs() -> list[Run]:
    """Four seeds of a method that trains in a second."""
    naive = {"naive": methods()["naive"]}
    settings = {TASK_IL: {"naive": resolve(naive["naive"], {}, {})}}
    return plan(BENCHMARKS["split_mnist"], "smoke", TINY, naive, settings, range(4))


@pytest.fixture(scope="session")
def run(runs: list[Run]) -> Run:
    return runs[0]


@pytest.fixture(scope="session")
def crashing(run: Run) -> Run:
    """A run that its method does not understand."""
    return replace(run, settings={"no_such_setting": 1})


@pytest.fixture(scope="session")
def unknown(run: Run) -> Run:
    """A run of a method that is not there."""
    return replace(run, baseline="no_such_method")


@pytest.fixture
def config(tmp_path: Path) -> ExecutionConfig:
    return ExecutionConfig(
        results=tmp_path / "results",
        data=None,
        device="cpu",
        origin=provenance.origin(["--seeds", "4"]),
        threads=2,
    )
