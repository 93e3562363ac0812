"""Results as data frames: their columns, filters and errors, and no torch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness
from harness.analysis.frames import METRIC_COLUMNS, ROW_COLUMNS
from harness.storage import store
from harness.storage.provenance import ROOT
from harness.storage.record import Record

Finish = Callable[..., tuple[Record, pd.DataFrame]]


def test_metrics_are_one_row_a_run_metric_and_scenario(stored: Path) -> None:
    table = harness.load_metrics(stored)
    assert tuple(table.columns) == METRIC_COLUMNS
    assert not table.drop(columns="value").duplicated().any()
    first = table[(table["metric"] == "acc") & (table["seed"] == 0)].drop(columns="run_id")
    assert sorted(first.itertuples(index=False, name=None)) == sorted(
        (
            *("split_mnist", scenario, method, setting, "shared", "smoke", 0),
            *("acc", pytest.approx(value), rule),
        )
        for method, setting in (("ewc", ""), ("rmn", "spread=0.2"), ("rmn", ""))
        for scenario, value, rule in (
            ("task-il", 0.75, ""),
            ("class-il", 0.375, "max-logit"),
        )
    )


def test_rows_are_one_row_a_measurement(stored: Path) -> None:
    table = harness.load_rows(stored, method="rmn", seed=1)
    assert tuple(table.columns) == ROW_COLUMNS
    assert len(table) == 1 + 2 * 6
    assert set(table["rule"]) == {"", "max-logit"}
    aware = table[(table["measurement"] == "accuracy") & (table["scenario"] == "task-il")]
    matrix = aware.pivot_table(index="after", columns="task", values="value")
    assert matrix.to_numpy().tolist() == [[0.5, 0.5], [0.9, 0.4], [0.7, 0.8]]


def test_what_has_no_scenario_of_its_own_has_that_of_its_run(stored: Path, finish: Finish) -> None:
    task_il = finish(scenario="task-il", training={"epochs": 1, "norm": "per-task"})
    store.save(stored, *task_il)
    for table in (
        harness.load_metrics(stored, metric="seconds", method="rmn", setting="", seed=0),
        harness.load_rows(stored, measurement="train_seconds", method="rmn", setting="", seed=0),
    ):
        norms = dict(zip(table["scenario"], table["norm"], strict=True))
        assert norms == {"task-il": "per-task", "class-il": "shared"}


def test_scenarios_and_normalisations_can_be_chosen(stored: Path, finish: Finish) -> None:
    record, rows = finish(scenario="task-il", training={"epochs": 1, "norm": "per-task"})
    store.save(stored, record, rows)
    for load in (harness.load_metrics, harness.load_rows):
        assert set(load(stored, norm="per-task")["run_id"]) == {record.run.id}
        chosen = load(stored, scenario=["class-il"], norm=("shared", "none"))
        assert set(chosen["scenario"]) == {"class-il"}
        assert record.run.id not in set(chosen["run_id"])


def test_every_rule_is_there_when_asked_for(stored: Path) -> None:
    for table in (harness.load_metrics(stored, rule="all"), harness.load_rows(stored, rule="all")):
        assert set(table["rule"]) == {"", "max-logit", "energy"}
        assert not table.drop(columns="value").duplicated().any()


def test_filters_take_one_name_or_several(stored: Path) -> None:
    both = harness.load_metrics(stored, method=["rmn", "ewc"], metric=("acc", "bwt"), setting="")
    assert set(both["method"]) == {"rmn", "ewc"}
    assert set(both["metric"]) == {"acc", "bwt"}
    assert set(both["setting"]) == {""}
    one = harness.load_metrics(stored, seed=[1], profile="smoke", benchmark="split_mnist")
    assert set(one["seed"]) == {1}
    assert list(one.index) == list(range(len(one)))
    assert harness.load_metrics(stored, benchmark="permuted_mnist").empty
    assert set(harness.load_rows(stored, measurement="accuracy")["measurement"]) == {"accuracy"}


@pytest.mark.parametrize(
    ("filters", "nearest"),
    [
        ({"metric": "forgeting"}, "forgetting"),
        ({"method": "rnm"}, "rmn"),
        ({"benchmark": "split_mnst"}, "split_mnist"),
        ({"profile": ["smok"]}, "smoke"),
        ({"setting": "spread=0.3"}, "spread=0.2"),
        ({"rule": "al"}, "all"),
        ({"scenario": "clas-il"}, "class-il"),
        ({"norm": "nune"}, "none"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest(
    stored: Path, filters: dict[str, Any], nearest: str
) -> None:
    with pytest.raises(ValueError, match=f"did you mean '{nearest}'"):
        harness.load_metrics(stored, **filters)


def test_unknown_measurements_too(stored: Path) -> None:
    with pytest.raises(ValueError, match="unknown measurement 'acuracy'; did you mean 'accuracy'"):
        harness.load_rows(stored, measurement="acuracy")


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="elsewhere"):
        harness.load_metrics(tmp_path / "elsewhere")


def test_an_empty_folder_gives_empty_tables(tmp_path: Path) -> None:
    assert tuple(harness.load_metrics(tmp_path).columns) == METRIC_COLUMNS
    assert tuple(harness.load_rows(tmp_path).columns) == ROW_COLUMNS


def test_damaged_runs_are_named_and_left_out(stored: Path) -> None:
    whole = harness.load_metrics(stored)
    [broken, _] = sorted((stored / "split_mnist" / "smoke" / "ewc").iterdir())
    (broken / "rows.parquet").write_bytes(b"no table")
    with pytest.warns(UserWarning, match=str(broken)) as warned:
        left = harness.load_metrics(stored)
    assert warned[0].filename == __file__
    assert set(whole["run_id"]) - set(left["run_id"]) == {broken.name}


def test_only_runs_that_count_are_there(stored: Path, finish: Finish) -> None:
    newer = finish(versions={"benchmark": 0, "baseline": 2, "rows": 1})
    store.save(stored, *newer)
    for load in (harness.load_metrics, harness.load_rows):
        assert set(load(stored, method="rmn")["run_id"]) == {newer[0].run.id}


def test_streams_without_labels_have_their_degradation(tmp_path: Path, finish: Finish) -> None:
    without = finish(benchmark="split_mnist_unsupervised", profile="default")
    store.save(tmp_path, *without)
    record, rows = finish(profile="constant")
    better = rows["value"].where(rows["metric"] != "accuracy", rows["value"] + 0.1)
    store.save(tmp_path, record, rows.assign(value=better))
    for benchmark in (None, "split_mnist_unsupervised"):
        table = harness.load_metrics(tmp_path, metric="degradation", benchmark=benchmark)
        assert set(table["run_id"]) == {without[0].run.id}
        assert table["scenario"].tolist() == ["task-il", "class-il"]
        assert table["value"].tolist() == pytest.approx([0.1, 0.1])


def test_the_package_is_imported_without_pandas_and_loads_without_torch(stored: Path) -> None:
    script = f"""
import sys
import harness
assert not {{"pandas", "numpy", "torch"}} & set(sys.modules)
table = harness.load_metrics({str(stored)!r})
assert len(table)
assert not {{"torch", "avalanche", "rmn", "matplotlib"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_all_that_is_committed_loads() -> None:
    table = harness.load_metrics(ROOT / "results")
    assert set(table["benchmark"]) == {name for name, _ in store.contents(ROOT / "results")}
    assert set(table["method"]) >= {"rmn", "ewc", "hat"}
    shares = table[table["metric"].isin(["acc", "aia", "learning_accuracy"])]["value"].dropna()
    assert shares.between(0, 1).all()
    assert not table.drop(columns="value").duplicated().any()
