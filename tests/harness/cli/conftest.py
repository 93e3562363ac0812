from __future__ import annotations

from pathlib import Path

import pytest

from harness.config.run import Run
from harness.execution.executor import ExecutionConfig


@pytest.fixture
def run() -> Run:
    return Run(
        benchmark="split_mnist",
        scenario="task-il",
        baseline="ewc",
        settings={"ewc_lambda": 10.0},
        profile="smoke",
        training={"epochs": 3},
        seed=0,
        versions={},
    )


@pytest.fixture
def config(tmp_path: Path) -> ExecutionConfig:
    return ExecutionConfig(results=tmp_path / "results", data=None, device="cpu", origin={})
