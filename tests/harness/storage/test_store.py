"""The store: whole folders or none, nothing overwritten, damage named and left alone."""

from __future__ import annotations

import json
import platform
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.config.run import Run
from harness.storage import schema, store

RUN = Run(
    benchmark="split_mnist",
    baseline="ewc",
    settings={"ewc_lambda": 10.0, "decay": None},
    profile="smoke",
    training={"epochs": 1},
    seed=0,
    versions={"benchmark": 1, "baseline": 1, "rows": 1},
    setting="ewc_lambda=10.0",
)


def make_record(run: Run = RUN, error: str = "") -> store.Record:
    method = {"title": "EWC", "reference": "", "relaxations": [], "rule": ""}
    return store.Record(run, method, {"device": "cpu"}, "failed" if error else "finished", error)


def make_rows(run: Run = RUN, values: tuple[float, ...] = (0.5, 0.75)) -> pd.DataFrame:
    blank = {name: "" for name, kind in schema.COLUMNS.items() if kind == "string"}
    shared = {
        "run_id": run.id,
        "benchmark": run.benchmark,
        "baseline": run.baseline,
        "setting": run.setting,
    }
    return pd.DataFrame(
        [
            {
                **blank,
                **shared,
                "seed": run.seed,
                "regime": schema.TASK_AWARE,
                "metric": "accuracy",
                "after": 1,
                "task": task,
                "other": None,
                "value": value,
            }
            for task, value in enumerate(values, start=1)
        ]
    )


def everything_under(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def altered(**fields: Any) -> bytes:
    """A record of the run with some fields replaced."""
    record = {**asdict(make_record()), "id": RUN.id, **fields}
    return json.dumps(record).encode()


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    masks = {"0": np.packbits(np.eye(4, dtype=bool)), "0.shape": np.array([1, 4, 4])}
    folder = store.save(tmp_path, make_record(), make_rows(), masks)
    assert folder == tmp_path / "split_mnist" / "smoke" / "ewc" / RUN.id
    found = store.read(tmp_path, "split_mnist", "smoke")
    assert found.records == [make_record()]
    assert found.records[0].run.setting == RUN.setting
    assert found.damaged == {}
    pd.testing.assert_frame_equal(found.rows, schema.check(make_rows()))
    with np.load(folder / store.MASKS) as arrays:
        assert {name: arrays[name].tolist() for name in arrays} == {
            name: array.tolist() for name, array in masks.items()
        }


def test_status(tmp_path: Path) -> None:
    assert store.status(tmp_path, RUN) == "missing"
    store.save(tmp_path, make_record(error="ValueError: no"))
    assert store.status(tmp_path, RUN) == "failed"
    store.save(tmp_path, make_record(), make_rows())
    assert store.status(tmp_path, RUN) == "finished"


def test_finished_run_is_never_overwritten(tmp_path: Path) -> None:
    store.save(tmp_path, make_record(), make_rows())
    before = everything_under(tmp_path)
    for record, rows in ((make_record(), make_rows(values=(0.1,))), (make_record(error="x"), None)):
        with pytest.raises(FileExistsError):
            store.save(tmp_path, record, rows)
    assert everything_under(tmp_path) == before


def test_rows_that_do_not_fit_leave_nothing(tmp_path: Path) -> None:
    bad = make_rows().assign(value=[0.5, float("nan")])
    with pytest.raises(ValueError, match="finite"):
        store.save(tmp_path, make_record(), bad)
    assert everything_under(tmp_path) == {}
    assert store.status(tmp_path, RUN) == "missing"


def test_rows_that_do_not_fit_leave_an_earlier_failure(tmp_path: Path) -> None:
    store.save(tmp_path, make_record(error="first"))
    before = everything_under(tmp_path)
    with pytest.raises(ValueError, match="unknown metrics"):
        store.save(tmp_path, make_record(), make_rows().assign(metric="beauty"))
    assert everything_under(tmp_path) == before


@pytest.mark.parametrize("part", ["benchmark", "baseline", "rows"])
def test_runs_of_an_older_version_are_left_out_once_a_newer_one_finished(
    tmp_path: Path, part: str
) -> None:
    newer = replace(RUN, versions={**RUN.versions, part: 2})
    store.save(tmp_path, make_record(), make_rows())
    store.save(tmp_path, make_record(newer, error="ValueError: no"))
    found = store.read(tmp_path, "split_mnist", "smoke")
    assert {record.run.id for record in found.records} == {RUN.id, newer.id}
    assert set(found.rows["run_id"]) == {RUN.id}
    store.save(tmp_path, make_record(newer), make_rows(newer))
    found = store.read(tmp_path, "split_mnist", "smoke")
    assert [record.run.id for record in found.records] == [newer.id]
    assert set(found.rows["run_id"]) == {newer.id}
    assert store.status(tmp_path, RUN) == "finished"


def test_runs_from_before_and_after_a_change_of_defaults_are_told_apart(tmp_path: Path) -> None:
    older = replace(RUN, setting="")
    newer = replace(older, settings={"ewc_lambda": 20.0, "decay": None}, training={"epochs": 2})
    for day, run in enumerate((older, newer, replace(newer, seed=1), replace(older, seed=1))):
        started = {"started": f"2026-01-0{4 if run == newer else day + 1}"}
        store.save(tmp_path, replace(make_record(run), provenance=started), make_rows(run))
    found = store.read(tmp_path, "split_mnist", "smoke")
    labels = {record.run.id: record.run.setting for record in found.records}
    assert labels[newer.id] == ""
    assert labels[older.id] == "ewc_lambda=10.0, training.epochs=1"
    assert dict(zip(found.rows["run_id"], found.rows["setting"], strict=True)) == labels


@pytest.mark.parametrize(("part", "left"), [("benchmark", {"hat"}), ("baseline", {"ewc", "hat"})])
def test_methods_of_another_version_of_the_benchmark_are_not_compared(
    tmp_path: Path, part: str, left: set[str]
) -> None:
    other = replace(RUN, baseline="hat", versions={**RUN.versions, part: 2})
    for run in (RUN, other):
        store.save(tmp_path, make_record(run), make_rows(run))
    assert set(store.read(tmp_path, "split_mnist", "smoke").rows["baseline"]) == left


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (store.RECORD, b"{"),
        (store.RECORD, b"[]"),
        (store.RECORD, b'{"run": {}}'),
        (store.RECORD, altered(method=None)),
        (store.RECORD, altered(method={})),
        (store.RECORD, altered(provenance=None)),
        (store.RECORD, altered(status="finishd")),
        (store.ROWS, b"not parquet"),
        (store.ROWS, b""),
    ],
)
def test_damage_is_named_and_left_alone(tmp_path: Path, name: str, content: bytes) -> None:
    other = replace(RUN, seed=1)
    broken = store.save(tmp_path, make_record(), make_rows())
    store.save(tmp_path, make_record(other), make_rows(other))
    (broken / name).write_bytes(content)
    before = everything_under(tmp_path)
    found = store.read(tmp_path, "split_mnist", "smoke")
    assert set(found.damaged) == {broken}
    assert [record.run for record in found.records] == [other]
    assert set(found.rows["run_id"]) == {other.id}
    assert everything_under(tmp_path) == before


def test_a_flipped_bit_among_the_values_is_damage(tmp_path: Path) -> None:
    values = tuple(np.random.default_rng(0).random(2))
    folder = store.save(tmp_path, make_record(), make_rows(values=values))
    whole = (folder / store.ROWS).read_bytes()
    noticed = 0
    for position in range(4, len(whole) - 8, 61):
        spoilt = bytearray(whole)
        spoilt[position] ^= 1
        (folder / store.ROWS).write_bytes(spoilt)
        found = store.read(tmp_path, "split_mnist", "smoke")
        noticed += bool(found.damaged)
        if not found.damaged:  # not in a value
            assert tuple(found.rows["value"]) == values
    assert noticed


def test_of_two_commands_that_finish_the_same_run_one_stores_it(tmp_path: Path) -> None:
    store.save(tmp_path, make_record(error="an earlier failure"))
    start = threading.Barrier(8)

    def finish(value: float) -> bool:
        start.wait()
        try:
            store.save(tmp_path, make_record(), make_rows(values=(value, value)))
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(finish, range(8)))
    assert stored.count(True) == 1
    found = store.read(tmp_path, "split_mnist", "smoke")
    assert set(found.rows["value"]) == {stored.index(True)}
    folder = store.folder(tmp_path, RUN)
    assert list(folder.parent.iterdir()) == [folder]


def test_folder_without_rows_is_damaged(tmp_path: Path) -> None:
    folder = store.save(tmp_path, make_record(), make_rows())
    (folder / store.ROWS).unlink()
    assert store.status(tmp_path, RUN) == "damaged"
    assert set(store.read(tmp_path, "split_mnist", "smoke").damaged) == {folder}


def test_record_in_another_runs_folder_is_damage(tmp_path: Path) -> None:
    other = replace(RUN, seed=1)
    folder = store.save(tmp_path, make_record(), make_rows())
    moved = folder.rename(store.folder(tmp_path, other))
    assert store.status(tmp_path, other) == "damaged"
    assert RUN.id in store.read(tmp_path, "split_mnist", "smoke").damaged[moved]


def test_unfinished_folders_are_not_results_and_can_be_removed(tmp_path: Path) -> None:
    folder = store.save(tmp_path, make_record(), make_rows())
    leftover, at_work = (
        folder.parent / f".unfinished-{platform.node()}-{pid}-abc" for pid in (123, 1234)
    )
    elsewhere = folder.parent / ".unfinished-another-123-abc"
    for half in (leftover, at_work, elsewhere):
        half.mkdir()
        (half / store.RECORD).write_text("{")
    assert store.read(tmp_path, "split_mnist", "smoke").damaged == {}
    store.remove_unfinished(tmp_path, {123})
    assert set(folder.parent.iterdir()) == {folder, at_work, elsewhere}
    assert store.status(tmp_path, RUN) == "finished"


def test_nothing_there_is_an_empty_table(tmp_path: Path) -> None:
    found = store.read(tmp_path / "none", "split_mnist", "smoke")
    assert found.records == []
    assert list(found.rows.columns) == list(schema.COLUMNS)
