"""Rows are held against their runs: what these cannot have measured is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from harness.config.run import Run
from harness.config.scenarios import CLASS_IL, DOMAIN_IL, TASK_IL
from harness.storage import schema, store, validation
from harness.storage.provenance import ROOT
from harness.storage.texts import as_texts

Rows = Callable[..., pd.DataFrame]
Measured = Callable[..., tuple[Run, pd.DataFrame]]
Change = Callable[[pd.DataFrame], pd.DataFrame]


def test_every_committed_run_is_accepted() -> None:
    for benchmark, profile in store.contents(ROOT / "results"):
        assert store.read(ROOT / "results", benchmark, profile).damaged == {}


def test_each_row_is_of_a_run_and_each_run_has_rows(run: Run, make_rows: Rows) -> None:
    other = replace(run, seed=1)
    rows = schema.concat([make_rows(run), make_rows(other)])
    assert validation.check(rows, [other, run]) is rows
    with pytest.raises(ValueError, match=f"{other.id}.*is no run here"):
        validation.check(rows, [run])
    with pytest.raises(ValueError, match=f"no rows of .*{run.id}"):
        validation.check(make_rows(other), [other, run])
    for change in ({"seed": 7}, {"baseline": "si"}, {"benchmark": "another"}):
        with pytest.raises(ValueError, match="is no run here"):
            validation.check(schema.check(make_rows(run).assign(**change)), [run])
    relabelled = schema.check(make_rows(run).assign(setting="a label of its time"))
    assert validation.check(relabelled, [run]) is relabelled


def first(rows: pd.DataFrame, **changes: Any) -> pd.DataFrame:
    """With other values in the first row."""
    texts = as_texts(rows)
    for name, value in changes.items():
        texts.loc[0, name] = value
    return schema.check(texts)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"value": 1e300}, "is not from 0 to 1 .*value 1e\\+300"),
        ({"value": -0.1}, "is not from 0 to 1"),
        ({"after": 10**15}, "no such task: after .*after 1000000000000000"),
        ({"after": 6}, "no such task: after"),
        ({"after": None}, "no such task: after"),
        ({"task": 6}, "no such task: task"),
        ({"task": 0}, "no such task: task"),
        ({"task": None}, "no such task: task"),
        ({"metric": "inferred_as", "other": 6}, "no such task: other"),
        ({"metric": "training_bytes", "value": -1.0}, "is below 0, or too large"),
        ({"metric": "train_seconds", "value": 1e300}, "is below 0, or too large"),
    ],
)
def test_what_is_out_of_range_is_refused(
    change: dict[str, Any], said: str, measured: Measured
) -> None:
    run, rows = measured("rmn", CLASS_IL)
    with pytest.raises(ValueError, match=said):
        validation.check(first(rows, **change), [run])


def test_a_measurement_of_another_package_may_have_any_value(measured: Measured) -> None:
    run, rows = measured("ewc")
    row = schema.table([{"metric": "elegance", "value": -1e300, "task": 99}], run)
    assert len(validation.check(schema.concat([rows, row]), [run])) == len(rows) + 1


@pytest.mark.parametrize("matrix", ["seen", "whole", "diagonal"])
@pytest.mark.parametrize("scenario", [TASK_IL, DOMAIN_IL, CLASS_IL])
@pytest.mark.parametrize("method", ["ewc", "rmn", "joint"])
def test_what_was_measured_is_whole(
    method: str, scenario: str, matrix: str, measured: Measured
) -> None:
    run, rows = measured(method, scenario, accuracy_matrix=matrix)
    assert validation.check(rows, [run]) is rows


HALVES: dict[str, Change] = {
    "first half": lambda rows: rows.iloc[: len(rows) // 2],
    "second half": lambda rows: rows.iloc[len(rows) // 2 :],
    "every other row": lambda rows: rows.iloc[::2],
    "half by chance": lambda rows: rows.sample(frac=0.5, random_state=0),
    "nothing after task 3": lambda rows: rows[(rows["after"] != 3).fillna(True)],
    "nothing of task 3": lambda rows: rows[(rows["task"] != 3).fillna(True)],
    "no accuracy": lambda rows: rows[rows["metric"] != "accuracy"],
}


@pytest.mark.parametrize("scenario", [TASK_IL, CLASS_IL])
@pytest.mark.parametrize("method", ["ewc", "rmn", "joint"])
@pytest.mark.parametrize("half", HALVES)
def test_lost_rows_are_noticed(half: str, method: str, scenario: str, measured: Measured) -> None:
    run, rows = measured(method, scenario)
    rest = HALVES[half](rows)
    accuracies = (rows["metric"] == "accuracy").sum()
    if (rest["metric"] == "accuracy").sum() < accuracies:  # joint training has those of the end
        with pytest.raises(ValueError, match=f"run {run.id} lacks "):
            validation.check(schema.check(rest), [run])


@pytest.mark.parametrize("scenario", [TASK_IL, DOMAIN_IL])
def test_a_whole_matrix_begins_with_the_untrained_network(
    scenario: str, measured: Measured
) -> None:
    run, rows = measured("ewc", scenario, accuracy_matrix="whole")
    for lost in (rows["after"] == 0, (rows["after"] == 2) & (rows["task"] == 5)):
        rest = rows[~lost.fillna(False)]
        assert len(rest) < len(rows)
        with pytest.raises(ValueError, match="lacks some accuracies"):
            validation.check(schema.check(rest), [run])


@pytest.mark.parametrize("metric", ["accuracy", "inferred_as"])
def test_lost_answers_without_the_task_are_noticed(metric: str, measured: Measured) -> None:
    run, rows = measured("rmn", CLASS_IL)
    mine = (rows["metric"] == metric) & (rows["after"] == 5)
    with pytest.raises(ValueError, match="lacks some"):
        validation.check(schema.check(rows.drop(rows[mine].index[3])), [run])


def test_accuracies_of_another_scenario_do_not_stand_in(measured: Measured) -> None:
    run, rows = measured("ewc")
    other = replace(run, scenario=CLASS_IL)
    with pytest.raises(ValueError, match="lacks some accuracies"):
        validation.check(schema.check(as_texts(rows).assign(run_id=other.id)), [other])


def test_a_diagonal_is_enough_where_no_more_was_asked_for(measured: Measured) -> None:
    run, rows = measured("ewc")
    needed = (rows["after"] == 5) | (rows["after"] == rows["task"])
    rest = rows[(rows["metric"] != "accuracy") | needed.fillna(False)]
    with pytest.raises(ValueError, match="lacks some accuracies"):
        validation.check(schema.check(rest), [run])
    diagonal = replace(run, training={**run.training, "accuracy_matrix": "diagonal"})
    rest = schema.check(as_texts(rest).assign(run_id=diagonal.id))
    validation.check(rest, [diagonal])
    missing = rest[~((rest["after"] == 2) & (rest["task"] == 2)).fillna(False)]
    with pytest.raises(ValueError, match="lacks some accuracies"):
        validation.check(schema.check(missing), [diagonal])


def test_an_unknown_benchmark_has_as_many_tasks_as_it_likes_but_no_more_than_rows(
    run: Run, make_rows: Rows
) -> None:
    foreign = replace(run, benchmark="a_benchmark")
    assert len(validation.check(make_rows(foreign, *[0.5] * 99), [foreign])) == 99
    with pytest.raises(ValueError, match="no such task: task"):
        validation.check(first(make_rows(foreign), task=10**15), [foreign])


def test_runs_that_are_read_together_are_checked_one_by_one(measured: Measured) -> None:
    found = [
        measured(method, scenario)
        for scenario in (TASK_IL, CLASS_IL)
        for method in ("ewc", "rmn", "joint")
    ]
    runs, tables = [run for run, _ in found], [rows for _, rows in found]
    assert len(validation.check(schema.concat(tables), runs)) == sum(map(len, tables))
    tables[3] = schema.check(tables[3].iloc[1:])
    with pytest.raises(ValueError, match=runs[3].id):
        validation.check(schema.concat(tables), runs)
