"""Runs of several versions and defaults: which count, and how they are told apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd
import pytest

from harness.analysis import selection
from harness.analysis.selection import select, under_default_rule
from harness.config.code import Code
from harness.config.run import Run
from harness.storage.record import Record
from harness.storage.store import Results

Finish = Callable[..., tuple[Record, pd.DataFrame]]


def results(made: Sequence[tuple[Record, pd.DataFrame]]) -> Results:
    rows = [rows for record, rows in made if record.status == "finished"]
    return Results([record for record, _ in made], pd.concat(rows, ignore_index=True))


def failed(made: tuple[Record, pd.DataFrame]) -> tuple[Record, pd.DataFrame]:
    record, rows = made
    return replace(record, status="failed", error="ValueError: no"), rows


def newer(run: Run, part: str) -> dict[str, int]:
    return {**run.versions, part: 2}


@pytest.mark.parametrize("part", ["benchmark", "baseline", "rows"])
def test_runs_of_an_older_version_are_left_out_once_a_newer_one_finished(
    run: Run, finish: Finish, part: str
) -> None:
    old, new = finish(), finish(versions=newer(run, part))
    found = select(results([old, failed(new)]))
    assert {record.run.id for record in found.records} == {old[0].run.id, new[0].run.id}
    assert set(found.rows["run_id"]) == {old[0].run.id}
    found = select(results([old, new]))
    assert [record.run.id for record in found.records] == [new[0].run.id]
    assert set(found.rows["run_id"]) == {new[0].run.id}


@pytest.mark.parametrize(("part", "left"), [("benchmark", {"hat"}), ("baseline", {"ewc", "hat"})])
def test_methods_of_another_version_of_the_benchmark_are_not_compared(
    run: Run, finish: Finish, part: str, left: set[str]
) -> None:
    made = [finish(baseline="ewc"), finish(baseline="hat", versions=newer(run, part))]
    assert set(select(results(made)).rows["baseline"]) == left


@pytest.mark.parametrize("part", ["benchmark", "baseline"])
def test_runs_of_the_present_versions_count_whatever_newer_ones_are_there(
    finish: Finish, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """As after a checkout of an older commit, which finds its own runs and makes none."""
    now = {"benchmark": 3, "baseline": 3, "rows": 1}
    code = Code(now, {})
    monkeypatch.setattr(selection, "present_code", lambda benchmark, baseline: code)
    made = {version: finish(versions={**now, part: version}) for version in (2, 3, 4)}
    other = finish(baseline="hat", versions={**now, part: 4})
    found = select(results([*made.values(), other]))
    ids = {record.run.id for record in found.records}
    assert ids - {other[0].run.id} == {made[3][0].run.id}
    assert (other[0].run.id in ids) == (part == "baseline")
    found = select(results([made[2], made[4]]))
    assert [record.run.id for record in found.records] == [made[4][0].run.id]


def test_runs_from_before_and_after_a_change_of_defaults_are_told_apart(finish: Finish) -> None:
    older = {"settings": {"spread": 0.1, "decay": None}, "training": {"epochs": 1}}
    newer = {"settings": {"spread": 0.2, "decay": None}, "training": {"epochs": 2}}
    made = []
    days = (1, 4, 4, 2)  # the newest run has the newest defaults, whatever was stored last
    for day, fields in zip(
        days, ({**older}, {**newer}, {**newer, "seed": 1}, {**older, "seed": 1}), strict=True
    ):
        record, rows = finish(**fields)
        made.append((replace(record, provenance={"started": f"2026-01-0{day}"}), rows))
    found = select(results(made))
    settings = [record.run.setting for record in found.records]
    assert settings == ["spread=0.1, training.epochs=1", "", "", "spread=0.1, training.epochs=1"]
    named = {record.run.id: record.run.setting for record in found.records}
    assert dict(zip(found.rows["run_id"], found.rows["setting"], strict=True)) == named


def test_a_run_from_before_a_setting_had_its_default(finish: Finish) -> None:
    """Settings that came later are stored where they differ from their defaults alone."""
    training = {"epochs": 1, "norm": "none", "outputs": "own"}
    made = []
    for day, (settings, more) in enumerate(
        [({}, {}), ({"draws": 1}, {}), ({"draws": 10}, {"affine": True})], start=1
    ):
        record, rows = finish(
            baseline="vcl", settings=settings, training={**training, **more}, seed=day
        )
        made.append((replace(record, provenance={"started": f"2026-01-0{day}"}), rows))
    of_one = "draws=1, training.affine=False"
    assert [one.run.setting for one in select(results(made)).records] == [of_one, of_one, ""]
    assert [one.run.setting for one in select(results(made[:2])).records] == ["", ""]


def test_what_a_scenario_decides_is_no_change_of_defaults(finish: Finish) -> None:
    shared = {"epochs": 1, "norm": "shared", "outputs": "own"}
    task_il = finish(scenario="task-il", training={**shared, "norm": "per-task"})
    class_il = finish(training=shared)
    found = select(results([task_il, class_il]))
    assert [record.run.setting for record in found.records] == ["", ""]


def test_a_normalisation_of_another_default_becomes_an_override(finish: Finish) -> None:
    made = []
    for day, norm in enumerate(("shared", "none"), start=1):
        record, rows = finish(training={"epochs": 1, "norm": norm, "outputs": "own"}, seed=day)
        made.append((replace(record, provenance={"started": f"2026-01-0{day}"}), rows))
    found = select(results(made))
    assert [record.run.setting for record in found.records] == ["training.norm=shared", ""]


def test_a_run_keeps_its_overrides(finish: Finish) -> None:
    made = finish(overrides={"spread": 0.1})
    found = select(results([made]))
    assert found.records == [made[0]]
    assert set(found.rows["setting"]) == {"spread=0.1"}


def test_each_method_has_its_own_default_rule(finish: Finish) -> None:
    first, second = finish(), finish(rule="calibrated-logit", baseline="hat")
    found = results([first, second])
    kept = under_default_rule(found.rows, found.records)
    rules = kept[kept["scenario"] == "class-il"].groupby("baseline")["rule"].unique()
    assert rules.map(list).to_dict() == {"rmn": ["max-logit"], "hat": ["calibrated-logit"]}
    assert (kept["rule"] == "").sum() == (found.rows["rule"] == "").sum()


def test_a_method_that_infers_no_task_is_measured_over_all_classes(finish: Finish) -> None:
    record, rows = finish(rule="classes seen")
    declared = replace(record, method=replace(record.method, rule=""))
    kept = under_default_rule(rows, [declared])
    assert set(kept["rule"]) == {"", "classes seen"}
