"""The log of a run, worked out by hand from a few measurements."""

from __future__ import annotations

from typing import Any

import pandas as pd

from harness.reporting.browser.task_log import task_logs


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    made = pd.DataFrame([{"run_id": "a", "task": None, **row} for row in rows])
    return made.astype({"after": "Int64", "task": "Int64"})


ACCURACIES = table(
    {"metric": "accuracy", "after": 0, "task": 1, "value": 0.1},
    {"metric": "accuracy", "after": 1, "task": 1, "value": 0.9},
    {"metric": "accuracy", "after": 1, "task": 2, "value": 0.5},  # not learned yet
    {"metric": "accuracy", "after": 2, "task": 1, "value": 0.7},
    {"metric": "accuracy", "after": 2, "task": 2, "value": 0.8},
)


def test_accuracies_are_those_of_tasks_that_are_learned() -> None:
    found = task_logs(ACCURACIES, ACCURACIES)
    assert found["a"] == {
        "After task": ["1", "2"],
        "Task just learned (%)": ["90.00", "80.00"],
        "Tasks so far (%)": ["90.00", "75.00"],
    }


def test_costs_and_gaps_stand_where_they_were_measured() -> None:
    costs = table(
        {"metric": "train_seconds", "after": 1, "value": 12.34},
        {"metric": "train_seconds", "after": 2, "value": 9.0},
        {"metric": "train_examples", "after": 1, "value": 60_000.0},
        {"metric": "rounding_gap", "after": 2, "task": 2, "value": -0.0025},
        {"metric": "stored_examples", "after": 2, "value": 7.0},
    )
    task_log = task_logs(pd.concat([ACCURACIES, costs]), ACCURACIES)["a"]
    assert task_log["Training (s)"] == ["12.3", "9.0"]
    assert task_log["Examples shown"] == ["60,000", ""]
    assert task_log["Rounding gap (points)"] == ["", "-0.25"]
    assert "Stored examples" not in task_log


def test_a_method_that_learns_all_at_once_has_one_line() -> None:
    once = table(
        {"metric": "accuracy", "after": 2, "task": 1, "value": 1.0},
        {"metric": "accuracy", "after": 2, "task": 2, "value": 0.5},
    )
    assert task_logs(once, once)["a"]["Tasks so far (%)"] == ["75.00"]


def test_what_has_no_measurements_has_no_log() -> None:
    assert task_logs(ACCURACIES.iloc[:0], ACCURACIES.iloc[:0]) == {}
