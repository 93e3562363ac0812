"""The inventory: every run in every place, damaged ones too, without reading rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from harness.config.run import Run
from harness.storage import packed, packing, run_folder, store
from harness.storage.inventory import StoredRun, matching, take_inventory, that_counts
from harness.storage.record import Record

Records = Callable[..., Record]
Rows = Callable[..., pd.DataFrame]


@pytest.fixture
def results(tmp_path: Path, run: Run, make_record: Records, make_rows: Rows) -> Path:
    """Packed: seeds 0 (finished) and 1 (failed); folders: 1 (finished) and 2 (damaged)."""
    runs = [replace(run, seed=seed) for seed in range(3)]
    store.save(tmp_path, make_record(runs[0]), make_rows(runs[0]))
    store.save(tmp_path, make_record(runs[1], error="no"))
    packing.pack(tmp_path, run.benchmark, run.profile)
    store.save(tmp_path, make_record(runs[1]), make_rows(runs[1]))
    damaged = store.save(tmp_path, make_record(runs[2]), make_rows(runs[2]))
    (damaged / run_folder.RECORD).write_text("{")
    return tmp_path


def test_every_run_in_every_place(results: Path, run: Run) -> None:
    found = take_inventory(results)
    ids = {replace(run, seed=seed).id: seed for seed in range(3)}
    assert {(ids[one.run_id], one.place, one.status) for one in found.runs} == {
        (0, "packed", "finished"),
        (1, "packed", "failed"),
        (1, "folder", "finished"),
        (2, "folder", "damaged"),
    }
    assert {(one.benchmark, one.profile, one.method) for one in found.runs} == {
        ("split_mnist", "smoke", "ewc")
    }
    [(file, size)] = found.files.items()
    assert size == file.stat().st_size
    for one in found.runs:
        assert (one.size > 0) == (one.place == "folder")
        assert bool(one.damage) == (one.record is None)


def test_damaged_packed_file_is_named(results: Path) -> None:
    [file] = packed.under(results)
    file.write_text("no parquet")
    found = take_inventory(results)
    assert list(found.damaged) == [file]
    assert {one.place for one in found.runs} == {"folder"}
    assert not found.files


def test_conditions_are_all_met(results: Path, run: Run) -> None:
    runs = take_inventory(results).runs
    assert len(matching(runs)) == 4
    assert len(matching(runs, status="finished")) == 2
    assert len(matching(runs, status="finished", place="folder", method="ewc")) == 1
    assert matching(runs, benchmark="other") == []
    assert {one.run_id for one in matching(runs, [run.id[:8]])} == {run.id}
    assert matching(runs, ["zz"]) == []


def test_the_place_that_counts_is_the_one_that_is_read(
    results: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    def counts(seed: int) -> StoredRun:
        return that_counts(matching(take_inventory(results).runs, [replace(run, seed=seed).id]))

    assert counts(0).place == "packed"
    assert counts(1).place == "folder"
    assert counts(2).status == "damaged"
    read = store.read(results, run.benchmark, run.profile)
    for seed in (0, 1):
        record, rows = counts(seed).read()
        assert record in read.records
        assert rows.equals(make_rows(replace(run, seed=seed)))
    packing.pack(results, run.benchmark, run.profile, keep=True)
    assert counts(1).place == "packed"
