"""The store: whole runs or none, in two forms, nothing overwritten, damage named and left alone."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from harness.config.run import Run
from harness.storage import packed, packing, run_folder, schema, store
from harness.storage.record import Record

Records = Callable[..., Record]
Rows = Callable[..., pd.DataFrame]
Files = Callable[[Path], dict[str, bytes]]


def test_what_is_saved_is_read_back(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    masks = {"0": np.packbits(np.eye(4, dtype=bool)), "0.shape": np.array([1, 4, 4])}
    folder = store.save(tmp_path, make_record(run), make_rows(run), masks)
    assert folder == tmp_path / "split_mnist" / "smoke" / "ewc" / run.id
    found = store.read(tmp_path, "split_mnist", "smoke")
    assert found.records == [make_record(run)]
    assert found.records[0].run.overrides == run.overrides
    assert found.damaged == {}
    pd.testing.assert_frame_equal(found.rows, make_rows(run))
    kept = run_folder.read_masks(folder)
    assert {name: array.tolist() for name, array in kept.items()} == {
        name: array.tolist() for name, array in masks.items()
    }


def test_some_of_the_runs_have_their_own_rows(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    other, failed = replace(run, seed=1), replace(run, seed=2)
    for one in (run, other):
        store.save(tmp_path, make_record(one), make_rows(one, 0.25 + one.seed / 2))
    store.save(tmp_path, make_record(failed, error="no"))
    found = store.read(tmp_path, "split_mnist", "smoke")
    assert {record.run.seed for record in found.finished} == {0, 1}
    some = found.only([make_record(other), make_record(failed, error="no")])
    assert [record.run.seed for record in some.finished] == [1]
    pd.testing.assert_frame_equal(some.rows, make_rows(other, 0.75))
    assert len(some.records) == 2
    assert found.only([]).rows.empty


def test_status_of_a_folder(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    assert store.status(tmp_path, run) == "missing"
    store.save(tmp_path, make_record(run, error="ValueError: no"))
    assert store.status(tmp_path, run) == "failed"
    folder = store.save(tmp_path, make_record(run), make_rows(run))
    assert store.status(tmp_path, run) == "finished"
    (folder / run_folder.ROWS).unlink()
    assert store.status(tmp_path, run) == "damaged"


def test_status_of_packed_runs(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    failed, missing = replace(run, seed=1), replace(run, seed=2)
    store.save(tmp_path, make_record(run), make_rows(run))
    store.save(tmp_path, make_record(failed, error="no"))
    file = packing.pack(tmp_path, run.benchmark, run.profile).file
    runs = (run, failed, missing)
    assert [store.status(tmp_path, one) for one in runs] == ["finished", "failed", "missing"]
    file.write_bytes(file.read_bytes()[:-1])
    assert {store.status(tmp_path, one) for one in runs} == {"damaged"}


def test_the_record_of_a_run_is_that_of_its_latest_failure(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    assert store.look_up(tmp_path, run) == ("missing", None)
    first, second = (make_record(run, error=error) for error in ("first", "second"))
    store.save(tmp_path, first)
    packing.pack(tmp_path, run.benchmark, run.profile)
    assert store.look_up(tmp_path, run) == ("failed", first)
    folder = store.save(tmp_path, second)
    assert store.look_up(tmp_path, run) == ("failed", second)
    (folder / run_folder.RECORD).write_text("{")
    assert store.look_up(tmp_path, run) == ("damaged", None)


def test_of_two_finished_runs_of_one_id_the_packed_one_counts(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    """For whoever asks: one run, all that there is, or the rows."""
    store.save(tmp_path, make_record(run, device="cuda"), make_rows(run))
    folder = tmp_path / "again"
    store.save(folder, make_record(run), make_rows(run))
    packing.pack(tmp_path, run.benchmark, run.profile)
    shutil.copytree(folder / run.folder, tmp_path / run.folder)
    found = [
        store.look_up(tmp_path, run)[1],
        store.survey(tmp_path, run.benchmark, run.profile).records[run.id],
        store.read(tmp_path, run.benchmark, run.profile).records[0],
    ]
    assert [one and one.provenance["device"] for one in found] == ["cuda"] * 3


def test_many_packed_runs_are_looked_up_in_one_reading(
    tmp_path: Path,
    run: Run,
    make_record: Records,
    make_rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.save(tmp_path, make_record(run), make_rows(run))
    packing.pack(tmp_path, run.benchmark, run.profile)
    assert store.status(tmp_path, run) == "finished"
    monkeypatch.setattr(pq, "read_metadata", lambda *_: pytest.fail("opened again"))
    for seed in range(9):
        store.status(tmp_path, replace(run, seed=seed))


@pytest.mark.parametrize("form", ["folder", "packed"])
def test_finished_run_is_never_overwritten(
    form: str,
    tmp_path: Path,
    run: Run,
    make_record: Records,
    make_rows: Rows,
    files_under: Files,
) -> None:
    store.save(tmp_path, make_record(run), make_rows(run))
    if form == "packed":
        packing.pack(tmp_path, run.benchmark, run.profile)
    before = files_under(tmp_path)
    for record, rows in (
        (make_record(run), make_rows(run, 0.1)),
        (make_record(run, error="x"), None),
    ):
        with pytest.raises(store.AlreadyFinishedError, match="never overwritten"):
            store.save(tmp_path, record, rows)
    assert files_under(tmp_path) == before


def test_packed_failure_gives_way_to_a_later_run(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    store.save(tmp_path, make_record(run, error="first"))
    packing.pack(tmp_path, run.benchmark, run.profile)
    store.save(tmp_path, make_record(run, error="second"))
    [record] = store.read(tmp_path, run.benchmark, run.profile).records
    assert record.error == "second"
    store.save(tmp_path, make_record(run), make_rows(run))
    assert store.status(tmp_path, run) == "finished"
    found = store.read(tmp_path, run.benchmark, run.profile)
    assert [one.status for one in found.records] == ["finished"]
    assert found.rows.equals(make_rows(run))
    assert not found.damaged


def test_run_that_is_in_both_forms_counts_once(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    other = replace(run, seed=1)
    for one in (run, other):
        store.save(tmp_path, make_record(one), make_rows(one))
    packing.pack(tmp_path, run.benchmark, run.profile, keep=True)
    newest = replace(run, baseline="a_method")
    store.save(tmp_path, make_record(newest), make_rows(newest))
    found = store.read(tmp_path, run.benchmark, run.profile)
    ids = [newest.id, *sorted([run.id, other.id])]
    assert [record.run.id for record in found.records] == ids
    assert list(dict.fromkeys(found.rows["run_id"])) == ids
    assert not found.damaged


def test_contradicting_folder_is_named_and_the_packed_run_counts(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    folder = store.save(tmp_path, make_record(run), make_rows(run))
    packing.pack(tmp_path, run.benchmark, run.profile)
    elsewhere = tmp_path / "elsewhere"
    made_again = store.save(elsewhere, make_record(run), make_rows(run, 0.1, 0.2))
    folder.parent.mkdir(parents=True)
    made_again.rename(folder)
    found = store.read(tmp_path, run.benchmark, run.profile)
    assert list(found.damaged) == [folder]
    assert "smoke.parquet, which counts" in found.damaged[folder]
    assert found.rows.equals(make_rows(run))
    assert len(found.records) == 1


def test_rows_that_do_not_fit_leave_nothing(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows, files_under: Files
) -> None:
    for rows, said in (
        (make_rows(run).assign(value=[0.5, float("nan")]), "finite"),
        (make_rows(run).assign(metric="Beauty"), "names like"),
        (make_rows(replace(run, seed=1)), "no run here"),
        (None, "finished run has rows"),
    ):
        with pytest.raises(ValueError, match=said):
            store.save(tmp_path, make_record(run), rows)
    with pytest.raises(ValueError, match="failed one has none"):
        store.save(tmp_path, make_record(run, error="no"), make_rows(run))
    assert files_under(tmp_path) == {}
    assert store.status(tmp_path, run) == "missing"


def test_rows_that_do_not_fit_leave_an_earlier_failure(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows, files_under: Files
) -> None:
    store.save(tmp_path, make_record(run, error="first"))
    before = files_under(tmp_path)
    with pytest.raises(ValueError, match="names like"):
        store.save(tmp_path, make_record(run), make_rows(run).assign(metric="Beauty"))
    assert files_under(tmp_path) == before


def test_damaged_packed_file_is_named_and_stops_no_folder_from_being_read_or_saved(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    file = packed.path_of(tmp_path, run.benchmark, run.profile)
    file.parent.mkdir(parents=True)
    file.write_text("version https://git-lfs.github.com/spec/v1")
    store.save(tmp_path, make_record(run), make_rows(run))
    found = store.read(tmp_path, run.benchmark, run.profile)
    assert list(found.damaged) == [file]
    assert [record.run for record in found.records] == [run]
    assert store.status(tmp_path, run) == "finished"


def test_of_two_commands_that_finish_the_same_run_one_stores_it(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    store.save(tmp_path, make_record(run, error="an earlier failure"))
    start = threading.Barrier(8)

    def finish(value: float) -> bool:
        start.wait()
        try:
            store.save(tmp_path, make_record(run), make_rows(run, value / 8, value / 8))
        except store.AlreadyFinishedError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(finish, range(8)))
    assert stored.count(True) == 1
    found = store.read(tmp_path, "split_mnist", "smoke")
    assert set(found.rows["value"]) == {stored.index(True) / 8}
    folder = tmp_path / run.folder
    assert list(folder.parent.iterdir()) == [folder]


def test_no_run_is_lost_where_some_pack_while_others_save_and_read(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    runs = [replace(run, seed=seed) for seed in range(24)]
    saved: list[Run] = []
    over = threading.Event()

    def save() -> None:
        try:
            for one in runs:
                store.save(tmp_path, make_record(one), make_rows(one, one.seed / 100))
                saved.append(one)
        finally:
            over.set()

    def pack() -> None:
        while not over.is_set():
            packing.pack(tmp_path, run.benchmark, run.profile)

    def read() -> None:
        while not over.is_set():
            before = {one.id for one in list(saved)}
            found = store.read(tmp_path, run.benchmark, run.profile)
            assert before <= {record.run.id for record in found.records}
            assert not found.damaged

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(work) for work in (save, pack, read)]:
            done.result()
    found = store.read(tmp_path, run.benchmark, run.profile)
    assert {record.run.id for record in found.records} == {one.id for one in runs}
    assert sorted(found.rows["value"]) == [one.seed / 100 for one in runs]


def test_contents_are_of_both_forms(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    assert store.contents(tmp_path / "none") == []
    runs = [run, replace(run, profile="a.b"), replace(run, benchmark="another")]
    for one in runs:
        store.save(tmp_path, make_record(one), make_rows(one))
    packing.pack(tmp_path, "split_mnist", "a.b")
    (tmp_path / "split_mnist" / "empty" / "ewc").mkdir(parents=True)
    (tmp_path / "split_mnist" / ".smoke.parquet.unfinished").touch()
    assert store.contents(tmp_path) == [
        ("another", "smoke"),
        ("split_mnist", "a.b"),
        ("split_mnist", "smoke"),
    ]


def test_nothing_there_is_an_empty_table(tmp_path: Path) -> None:
    found = store.read(tmp_path / "none", "split_mnist", "smoke")
    assert found.records == []
    assert list(found.rows.columns) == list(schema.COLUMNS)


def test_survey_agrees_with_the_status_of_each_run(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    runs = [replace(run, seed=seed) for seed in range(6)]
    for one in runs[:4]:
        failed = one.seed % 2
        store.save(
            tmp_path,
            make_record(one, error="no" if failed else ""),
            None if failed else make_rows(one),
        )
        if one.seed == 1:
            packing.pack(tmp_path, run.benchmark, run.profile)
    broken = store.save(tmp_path, make_record(runs[4]), make_rows(runs[4]))
    (broken / run_folder.RECORD).write_text("{")
    copy = broken.parent.with_name("copy") / runs[2].id
    copy.parent.mkdir()
    (tmp_path / runs[2].folder).rename(copy)

    def agrees() -> store.Survey:
        found = store.survey(tmp_path, run.benchmark, run.profile)
        states = [store.status(tmp_path, one) for one in runs]
        assert list(map(found.status, runs)) == states
        return found

    assert set(agrees().damaged) == {broken, copy}
    file = packed.path_of(tmp_path, run.benchmark, run.profile)
    file.write_bytes(file.read_bytes()[:-1])
    assert set(agrees().damaged) == {broken, copy, file}
