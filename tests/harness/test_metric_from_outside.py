"""A metric of another package is two files: one measures, one defines; every report shows it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from baselines.plugins import PluginError
from baselines.registry import methods
from harness.analysis.metrics import definition
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.config.plan import plan
from harness.config.resolution import Resolved
from harness.config.scenarios import TASK_IL
from harness.evaluation import measurements
from harness.evaluation.measurements import Snapshot
from harness.experiment.experiment import run_experiment
from harness.reporting.benchmark_report import benchmark_report
from harness.storage import store
from harness.storage.record import MethodDeclaration, Record
from harness.storage.schema import Row

MEASURED = '''
"""The norm of all weights after each task."""

from harness.evaluation.measurements import register_measurement


@register_measurement
def weight_norm(snapshot):
    assert snapshot.stream.benchmark == snapshot.benchmark
    squares = sum(weight.detach().square().sum() for weight in snapshot.strategy.model.parameters())
    yield {"metric": "weight_norm", "after": snapshot.after, "value": float(squares) ** 0.5}
'''

DEFINED = '''
"""The norm of all weights after the last task."""

from harness.analysis.metrics.definition import Direction, Section, Unit, metric


@metric(
    "weight_norm",
    title="Weight norm",
    unit=Unit.COUNT,
    direction=Direction.NEITHER,
    formula="square root of the sum of all squared weights, after the last task",
    source="observed",
    measurements=("weight_norm",),
    section=Section.COSTS,
)
def weight_norm(rows):
    return rows.sort_values("after").groupby("run_id")["value"].last()
'''


@pytest.fixture
def _outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both files are imported, and forgotten after the test."""
    definition.metrics()
    for registry in (measurements._MEASUREMENTS, definition._METRICS):
        monkeypatch.setattr(registry, "entries", registry.known())
    monkeypatch.syspath_prepend(tmp_path)
    files = {"outside_measurement": MEASURED, "outside_metric": DEFINED}
    for name, source in files.items():
        (tmp_path / f"{name}.py").write_text(source)
        importlib.import_module(name)
    yield
    for name in files:
        del sys.modules[name]


@pytest.mark.usefixtures("_outside")
def test_it_is_measured_derived_and_reported(tmp_path: Path) -> None:
    budget = TrainingBudget(epochs=1, train_examples=64, test_examples=32, tasks=2)
    chosen = {"naive": methods()["naive"]}
    benchmark = BENCHMARKS["split_mnist"]
    [run] = plan(benchmark, "smoke", budget, chosen, {TASK_IL: {"naive": Resolved()}}, [0])
    rows = run_experiment(run, device="cpu", data=None, report=lambda _: None).rows
    measured = rows[rows["metric"] == "weight_norm"]
    assert measured["after"].tolist() == [1, 2]

    store.save(tmp_path, Record(run, MethodDeclaration("Naive")), rows)
    report = benchmark_report(tmp_path, "split_mnist", "smoke")
    last = measured["value"].iloc[-1]
    [reported] = report.data.loc[report.data["metric"] == "weight_norm", "mean_in_unit"]
    assert reported == last
    [table] = [table for table in report.tables if "Weight norm" in table.head]
    place = list(table.head).index("Weight norm")
    assert [row[place].text for row in table.rows] == [f"{last:,.1f}"]
    assert "Weight norm" in [one["title"] for one in report.content["formulas"]]


@pytest.mark.usefixtures("_outside")
def test_a_measurement_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(snapshot: Snapshot) -> list[Row]:
        raise KeyError("no such layer")

    broken.__module__ = "outside_measurement"
    name = "outside_measurement.weight_norm"
    monkeypatch.setitem(measurements._MEASUREMENTS.entries, name, broken)
    budget = TrainingBudget(epochs=1, train_examples=64, test_examples=32, tasks=1)
    chosen = {"naive": methods()["naive"]}
    settings = {TASK_IL: {"naive": Resolved()}}
    [run] = plan(BENCHMARKS["split_mnist"], "smoke", budget, chosen, settings, [0])
    said = f"the measurement {name} failed, not the method: KeyError: 'no such layer'"
    with pytest.raises(PluginError, match=said):
        run_experiment(run, device="cpu", data=None, report=lambda _: None)


def test_without_its_files_it_is_unknown() -> None:
    assert "weight_norm" not in definition.metrics()
