"""The method that docs/adding_a_method.md shows is found, trains and is measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import baselines
from baselines import registry
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.config.plan import plan
from harness.config.resolution import resolve
from harness.experiment.experiment import run_experiment

PAGE = Path(__file__).parents[2] / "docs" / "adding_a_method.md"


@pytest.fixture
def _shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "sgd.py").write_text(code)
    monkeypatch.setattr(baselines, "__path__", [*baselines.__path__, str(tmp_path)])
    monkeypatch.setattr(registry, "_METHODS", dict(registry._METHODS))


@pytest.mark.usefixtures("_shown")
def test_the_method_of_the_page_works() -> None:
    method = registry.methods()["sgd"]
    training = TrainingBudget(
        epochs=2, batch_size=32, train_examples=256, test_examples=100, tasks=2
    )
    settings = {"sgd": resolve(method, {}, {})}
    scenarios = {"task-il": settings, "class-il": settings}
    benchmark = BENCHMARKS["split_mnist"]
    for run in plan(benchmark, "smoke", training, {"sgd": method}, scenarios, [0]):
        rows = run_experiment(run, device="cpu", data=None, report=lambda _: None).rows
        last = rows[(rows["metric"] == "accuracy") & (rows["after"] == 2)]
        assert last[last["task"] == 2]["value"].item() > 0.8
