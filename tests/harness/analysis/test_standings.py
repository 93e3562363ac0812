"""Every method on every benchmark: whatever was stored with a benchmark's own settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.analysis.frames import load_metrics
from harness.analysis.run_filter import RunFilter, UnknownNameError
from harness.analysis.standings import standings

SaveRun = Callable[..., Path]


def test_means_are_those_of_the_metrics(results: Path) -> None:
    table = standings(results, "default").table
    metrics = load_metrics(results, metric="acc")
    metrics = metrics[metrics["scenario"].isin(table["scenario"])]
    for row in table.to_dict("records"):
        mine = metrics[
            (metrics["method"] == row["baseline"]) & (metrics["scenario"] == row["scenario"])
        ]
        assert row["mean"] == pytest.approx(mine["value"].mean())
        assert row["seeds"] == len(mine) == 3
    assert len(table) == 4


def test_other_settings_and_factors_are_left_out(tmp_path: Path, save_run: SaveRun) -> None:
    save_run(tmp_path, "rmn", 0, 0.9)
    save_run(tmp_path, "rmn", 0, 0.95, epochs=9)
    save_run(tmp_path, "rmn", 0, 0.7, norm="none")
    [row] = standings(tmp_path, "default").table.to_dict("records")
    assert (row["method"], row["mean"]) == ("RMN", pytest.approx(0.9))


def test_damage_is_named(tmp_path: Path, save_run: SaveRun) -> None:
    save_run(tmp_path, "rmn", 0, 0.9)
    broken = save_run(tmp_path, "rmn", 1, 0.9)
    (broken / "rows.parquet").write_bytes(b"not a table")
    found = standings(tmp_path, "default")
    assert list(found.damaged) == [broken]
    assert found.table["seeds"].tolist() == [1]


def test_nothing_stored_is_an_empty_table(tmp_path: Path) -> None:
    found = standings(tmp_path, "default")
    assert found.table.empty
    assert found.shown == {}


def test_a_profile_has_benchmarks_of_its_own(tmp_path: Path, save_run: SaveRun) -> None:
    save_run(tmp_path, "rmn", 0, 0.9, profile="paper")
    assert list(standings(tmp_path, "default").shown) == []
    assert list(standings(tmp_path, "paper").shown) == ["split_mnist"]


def test_only_what_is_asked_for_is_there(results: Path) -> None:
    found = standings(results, "default", RunFilter(methods=("RMN",), scenarios=("task-il",)))
    assert found.table[["baseline", "scenario"]].to_numpy().tolist() == [["rmn", "task-il"]]
    assert found.asked.methods == ("rmn",)
    with pytest.raises(UnknownNameError, match="rnm"):
        standings(results, "default", RunFilter(methods=("rnm",)))
