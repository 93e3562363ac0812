"""A metric of another package gives one finite value a run, or is named."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import pandas as pd
import pytest

from baselines.plugins import PluginError
from harness.analysis.derivation import derive
from harness.analysis.metrics import definition
from harness.analysis.metrics.definition import Direction, Unit
from harness.storage.record import Record

Finish = Callable[..., tuple[Record, pd.DataFrame]]


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Registers a function as the metric `mine` of a module of another package."""
    definition.metrics()
    known = definition._METRICS.known()
    monkeypatch.setattr(definition._METRICS, "entries", known)

    def register(function: FunctionType, scenarios: tuple[str, ...] = ()) -> None:
        function.__module__ = "of_another_package"
        definition.metric(
            "mine",
            title="Mine",
            unit=Unit.COUNT,
            direction=Direction.NEITHER,
            formula="any",
            source="nobody",
            measurements=("accuracy",),
            section=None,
            scenarios=scenarios,
        )(function)

    return register


def by(*keys: str) -> Callable[[pd.DataFrame], Any]:
    return lambda rows: rows.groupby(list(keys))["value"].mean()


def unknown(rows: pd.DataFrame) -> Any:
    return pd.Series([1.0], pd.Index(["0" * 16], name="run_id"))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda rows: rows["nothing"], "cannot be computed: KeyError: 'nothing'"),
        (lambda rows: 0.5, "gives a float; give a pandas Series"),
        (lambda rows: rows["value"], "gives an index of None; make it run_id, scenario and rule"),
        (by("run_id", "task"), "gives an index of run_id, task; make it"),
        (lambda rows: by("run_id")(rows).map(str), "gives values that are no finite numbers"),
        (lambda rows: by("run_id")(rows) / 0, "gives values that are no finite numbers"),
        (
            lambda rows: rows.set_index(["run_id", "rule"])["value"],
            "gives several values for .*; give one for each run_id, rule",
        ),
        (unknown, "gives a value for 0000000000000000, which is no run that it was given"),
        (
            by("run_id", "scenario"),
            "gives values under the scenario 'class-il', which is none of its",
        ),
    ],
)
def test_values_that_means_over_runs_would_be_wrong_of_are_refused(
    function: FunctionType, message: str, register: Callable[..., None], finish: Finish
) -> None:
    _, rows = finish()
    register(function)
    with pytest.raises(PluginError, match=rf"^the metric mine \(of_another_package\) {message}"):
        derive(rows)
    assert set(derive(rows, ["acc"])["metric"]) == {"acc"}


def test_values_of_scenarios_and_rules_are_told_apart(
    register: Callable[..., None], finish: Finish
) -> None:
    _, rows = finish()
    register(by("run_id", "scenario", "rule"), ("task-il", "class-il"))
    found = derive(rows, ["mine"]).set_index(["scenario", "rule"])["value"]
    of_rows = rows[rows["metric"] == "accuracy"].astype({"scenario": str, "rule": str})
    expected = of_rows.groupby(["scenario", "rule"])["value"].mean()
    assert found.to_dict() == pytest.approx(expected.to_dict())
