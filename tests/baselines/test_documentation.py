"""The method that docs/adding_a_method.md shows is found, trains and is measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from baselines import registry
from baselines.plugins import import_plugin
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.config.plan import plan
from harness.config.resolution import resolve
from harness.experiment.experiment import run_experiment

PAGE = Path(__file__).parents[2] / "docs" / "adding_a_method.md"


@pytest.mark.usefixtures("registrations")
def test_the_method_of_the_page_works(tmp_path: Path) -> None:
    [code] = re.findall(r'```python title="sgd.py"\n(.*?)```', PAGE.read_text(), re.DOTALL)
    (tmp_path / "sgd.py").write_text(code)
    import_plugin(str(tmp_path / "sgd.py"))
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
