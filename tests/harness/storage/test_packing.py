"""Packing and unpacking: one undoes the other, and nothing is removed that is not elsewhere."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.config.run import Run
from harness.storage import packed, packing, run_folder, schema, store
from harness.storage.damage import DamageError
from harness.storage.record import MethodDeclaration, Record, to_json
from harness.storage.schema import Row

Records = Callable[..., Record]
Rows = Callable[..., pd.DataFrame]
Files = Callable[[Path], dict[str, bytes]]

VALUES = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(0, 1) | st.text(max_size=5)
KEYS = ("metric", "scenario", "rule", "layer", "after", "task", "other")
NUMBERS = st.none() | st.integers(1, 99)
PRINTED = st.text(st.characters(exclude_categories=["C"]))
ROWS = st.lists(
    st.fixed_dictionaries(
        {"metric": st.sampled_from(["anything", "masks"]), "value": st.floats(0, 2**53)},
        optional={
            "scenario": st.sampled_from(["", "task-il"]),
            "rule": st.text(max_size=5),
            "layer": st.text(max_size=5),
            "after": NUMBERS,
            "task": NUMBERS,
            "other": NUMBERS,
        },
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda row: tuple(row.get(name) or None for name in KEYS),
)


@st.composite
def stored_runs(draw: st.DrawFn) -> list[tuple[Record, pd.DataFrame | None]]:
    """Runs of one benchmark and profile, finished ones with rows."""
    names = st.sampled_from(["ewc", "rmn", "a_plugin"])
    identities = draw(st.lists(st.tuples(names, st.integers(0, 20)), max_size=4, unique=True))
    found: list[tuple[Record, pd.DataFrame | None]] = []
    for baseline, seed in identities:
        values = draw(st.dictionaries(st.text(max_size=5), VALUES, max_size=2))
        run = Run(
            benchmark="a_benchmark",
            scenario="task-il",
            baseline=baseline,
            settings=values,
            profile="smoke",
            training={"epochs": 1},
            seed=seed,
            versions={"rows": 1},
            overrides=values,
        )
        method = MethodDeclaration(draw(PRINTED), requirements=tuple(draw(st.lists(PRINTED))))
        provenance = draw(st.dictionaries(st.text(max_size=5), VALUES | st.lists(VALUES)))
        error = draw(st.text())
        if draw(st.booleans()):
            found.append((Record(run, method, provenance, "failed", error), None))
        else:
            rows = schema.table(cast(list[Row], draw(ROWS)), run)
            found.append((Record(run, method, provenance), rows))
    return found


def everything(results: Path) -> dict[str, tuple[str, pd.DataFrame]]:
    """Each run folder's record and rows."""
    found = {}
    for path in run_folder.under(results / "a_benchmark" / "smoke"):
        record, rows = run_folder.read(path)
        found[path.name] = (str(to_json(record)), rows)
    return found


@settings(deadline=None, max_examples=20)
@given(stored_runs())
def test_unpacking_undoes_packing(runs: list[tuple[Record, pd.DataFrame | None]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        results = Path(name)
        for record, rows in runs:
            store.save(results, record, rows)
        before, pair = everything(results), ("a_benchmark", "smoke")
        read = store.read(results, *pair)
        file = packing.pack(results, *pair).file
        assert everything(results) == {}
        again = store.read(results, *pair)
        assert again.records == read.records
        assert again.rows.equals(read.rows)
        contents = file.read_bytes() if runs else b""
        assert len(packing.unpack(results, *pair).folders) == len(runs)
        assert not file.exists()
        after = everything(results)
        assert after.keys() == before.keys()
        for run_id, (record_text, table) in after.items():
            assert record_text == before[run_id][0]
            assert table.equals(before[run_id][1])
        packing.pack(results, *pair)
        assert (file.read_bytes() if runs else b"") == contents


def test_packing_adds_to_the_file_and_counts_the_masks_that_go(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    runs = [replace(run, seed=seed) for seed in range(3)]
    store.save(tmp_path, make_record(runs[0]), make_rows(runs[0]))
    packing.pack(tmp_path, run.benchmark, run.profile)
    masks = {"0": np.zeros(64, dtype=np.uint8)}
    folder = store.save(tmp_path, make_record(runs[1]), make_rows(runs[1]), masks)
    store.save(tmp_path, make_record(runs[2], error="no"))
    size = (folder / run_folder.MASKS).stat().st_size
    done = packing.pack(tmp_path, run.benchmark, run.profile)
    assert (len(done.folders), done.masks, dict(done.left)) == (2, size, {})
    assert set(packed.index(done.file)) == {one.id for one in runs}
    assert not (tmp_path / "split_mnist" / "smoke").exists()


def test_keeping_leaves_the_folders(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows, files_under: Files
) -> None:
    store.save(tmp_path, make_record(run), make_rows(run), {"0": np.zeros(4)})
    before = files_under(tmp_path)
    file = packing.pack(tmp_path, run.benchmark, run.profile, keep=True).file
    assert files_under(tmp_path).items() >= before.items()
    contents = file.read_bytes()
    packing.pack(tmp_path, run.benchmark, run.profile)
    assert files_under(tmp_path) == {"split_mnist/smoke.parquet": contents}
    packing.unpack(tmp_path, run.benchmark, run.profile, keep=True)
    assert file.read_bytes() == contents
    assert (tmp_path / run.folder).is_dir()


def test_damaged_and_contradicting_folders_are_left_and_the_others_packed(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    sound, broken = replace(run, seed=1), replace(run, seed=2)
    other = store.save(tmp_path / "other", make_record(run), make_rows(run, 0.1))
    store.save(tmp_path, make_record(run), make_rows(run))
    packing.pack(tmp_path, run.benchmark, run.profile)
    folders = [store.save(tmp_path, make_record(one), make_rows(one)) for one in (sound, broken)]
    (folders[1] / run_folder.ROWS).unlink()
    other.rename(tmp_path / run.folder)
    done = packing.pack(tmp_path, run.benchmark, run.profile)
    assert done.folders == [folders[0]]
    assert set(done.left) == {folders[1], tmp_path / run.folder}
    assert set(packed.index(done.file)) == {run.id, sound.id}
    assert all(path.is_dir() for path in done.left)
    undone = packing.unpack(tmp_path, run.benchmark, run.profile)
    assert undone.folders == [folders[0]]
    assert undone.left == {tmp_path / run.folder: "the folder differs from the packed run"}
    assert set(packed.index(done.file)) == {run.id}


def test_damaged_file_is_not_written_over(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows, files_under: Files
) -> None:
    store.save(tmp_path, make_record(run), make_rows(run))
    file = packed.path_of(tmp_path, run.benchmark, run.profile)
    file.write_text("<<<<<<< HEAD")
    before = files_under(tmp_path)
    done = packing.pack(tmp_path, run.benchmark, run.profile)
    assert list(done.left) == [file]
    assert done.folders == []
    with pytest.raises(DamageError):
        packing.unpack(tmp_path, run.benchmark, run.profile)
    assert files_under(tmp_path) == before


def test_no_folder_goes_where_the_file_is_not_read_back(
    tmp_path: Path,
    run: Run,
    make_record: Records,
    make_rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = store.save(tmp_path, make_record(run), make_rows(run))
    monkeypatch.setattr(packed, "write", lambda path, content: path.touch())
    with pytest.raises(DamageError):
        packing.pack(tmp_path, run.benchmark, run.profile)
    assert store.status(tmp_path, run) == "finished"
    assert folder.is_dir()


def test_one_run_is_unpacked(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    other = replace(run, seed=1)
    for one in (run, other):
        store.save(tmp_path, make_record(one), make_rows(one))
    file = packing.pack(tmp_path, run.benchmark, run.profile).file
    done = packing.unpack(tmp_path, run.benchmark, run.profile, [other.id])
    assert done.folders == [tmp_path / other.folder]
    assert set(packed.index(file)) == {run.id}
    found = store.read(tmp_path, run.benchmark, run.profile)
    assert {record.run.id for record in found.records} == {run.id, other.id}


def test_folder_takes_the_place_of_a_packed_failure(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    store.save(tmp_path, make_record(run, error="no"))
    packing.pack(tmp_path, run.benchmark, run.profile)
    store.save(tmp_path, make_record(run), make_rows(run))
    packing.unpack(tmp_path, run.benchmark, run.profile)
    assert store.status(tmp_path, run) == "finished"
    file = packing.pack(tmp_path, run.benchmark, run.profile).file
    assert packed.index(file)[run.id].status == "finished"
