"""Measurements are found by registration, also those of another package."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.config.plan import plan
from harness.config.resolution import Resolved
from harness.evaluation import measurements
from harness.evaluation.measurements import Snapshot, measure, register_measurement
from harness.experiment.experiment import run_experiment
from harness.storage.schema import Row

OUTSIDE = '''
"""A measurement of another package: the norm of all weights after each task."""

from harness.evaluation.measurements import register_measurement


@register_measurement
def weight_norm(snapshot):
    squares = sum(weight.detach().square().sum() for weight in snapshot.strategy.model.parameters())
    assert snapshot.stream.benchmark == snapshot.benchmark
    yield {"metric": "weight_norm", "after": snapshot.after, "value": float(squares) ** 0.5}
'''


@pytest.fixture(autouse=True)
def _undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(measurements, "_MEASUREMENTS", list(measurements._MEASUREMENTS))


def snapshot() -> Snapshot:
    strategy = type("Strategy", (), {"plugins": ()})()
    return Snapshot(
        cast(Any, strategy), BENCHMARKS["split_mnist"], cast(Any, None), 1, torch.device("cpu")
    )


def test_a_measurement_is_registered_once_however_often_it_is_asked_for() -> None:
    def one(_: Snapshot) -> Iterator[Row]:
        yield {"metric": "one", "value": 1.0}

    assert register_measurement(one) is one
    register_measurement(one)
    assert [row["metric"] for row in measure(snapshot())] == ["one"]


def test_every_module_of_the_package_is_found() -> None:
    list(measure(snapshot()))
    found = {measurement.__module__ for measurement in measurements._MEASUREMENTS}
    package = Path(measurements.__file__).parent
    decorated = {
        f"harness.evaluation.{path.stem}"
        for path in package.glob("*.py")
        if "\n@register_measurement" in path.read_text()
    }
    assert decorated
    assert decorated <= found


def test_a_measurement_from_outside_is_stored_with_every_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside_measurement.py").write_text(OUTSIDE)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("outside_measurement")
    monkeypatch.delitem(sys.modules, "outside_measurement")
    budget = TrainingBudget(epochs=1, train_examples=64, test_examples=32, tasks=2)
    settings = {"naive": Resolved()}
    chosen = {"naive": methods()["naive"]}
    [run] = plan(BENCHMARKS["split_mnist"], "smoke", budget, chosen, settings, seeds=1)
    rows = run_experiment(run, device="cpu", data=None, report=lambda _: None).rows
    found = rows[rows["metric"] == "weight_norm"]
    assert found["after"].tolist() == [1, 2]
    assert (found["value"] > 0).all()
    assert set(found["run_id"]) == {run.id}
