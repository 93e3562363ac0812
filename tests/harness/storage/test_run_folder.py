"""One run's folder: what is missing or wrong in it is named, whatever it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.config.run import Run
from harness.storage import run_folder, store
from harness.storage.damage import DamageError
from harness.storage.record import Record, to_json

Records = Callable[..., Record]
Rows = Callable[..., pd.DataFrame]
Files = Callable[[Path], dict[str, bytes]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (run_folder.RECORD, b"{"),
        (run_folder.RECORD, b"[" * 100_000),
        (run_folder.RECORD, b"\xff"),
        (run_folder.RECORD, b"[]"),
        (run_folder.RECORD, b'{"run": {}}'),
        (run_folder.RECORD, {"method": None}),
        (run_folder.RECORD, {"method": {}}),
        (run_folder.RECORD, {"provenance": None}),
        (run_folder.RECORD, {"status": "finishd"}),
        (run_folder.RECORD, {"schema": 4}),
        (run_folder.ROWS, b"not parquet"),
        (run_folder.ROWS, b""),
        (run_folder.ROWS, None),
    ],
)
def test_damage_is_named_and_left_alone(
    name: str,
    content: bytes | dict[str, Any] | None,
    tmp_path: Path,
    run: Run,
    make_record: Records,
    make_rows: Rows,
    files_under: Files,
) -> None:
    other = replace(run, seed=1)
    broken = store.save(tmp_path, make_record(run), make_rows(run))
    store.save(tmp_path, make_record(other), make_rows(other))
    if content is None:
        (broken / name).unlink()
    elif isinstance(content, bytes):
        (broken / name).write_bytes(content)
    else:
        (broken / name).write_text(json.dumps({**to_json(make_record(run)), **content}))
    before = files_under(tmp_path)
    found = store.read(tmp_path, "split_mnist", "smoke")
    assert set(found.damaged) == {broken}
    assert found.damaged[broken].startswith(name)
    assert [record.run for record in found.records] == [other]
    assert set(found.rows["run_id"]) == {other.id}
    assert files_under(tmp_path) == before


def test_a_flipped_bit_among_the_values_is_damage(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    values = tuple(np.random.default_rng(0).random(2))
    folder = store.save(tmp_path, make_record(run), make_rows(run, *values))
    whole = (folder / run_folder.ROWS).read_bytes()
    noticed = 0
    for position in range(4, len(whole) - 8, 61):
        spoilt = bytearray(whole)
        spoilt[position] ^= 1
        (folder / run_folder.ROWS).write_bytes(spoilt)
        try:
            _, rows = run_folder.read(folder)
        except DamageError:
            noticed += 1
        else:  # not in a value
            assert tuple(rows["value"]) == values
    assert noticed


def test_record_in_another_runs_folder_is_damage(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    other = replace(run, seed=1)
    folder = store.save(tmp_path, make_record(run), make_rows(run))
    moved = folder.rename(tmp_path / other.folder)
    assert store.status(tmp_path, other) == "damaged"
    with pytest.raises(DamageError, match=f"describes the run of split_mnist/smoke/ewc/{run.id}"):
        run_folder.read(moved)


def test_rows_of_another_run_are_damage(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    folder = store.save(tmp_path, make_record(run), make_rows(run))
    make_rows(run).assign(seed=7).to_parquet(folder / run_folder.ROWS, index=False)
    with pytest.raises(DamageError, match="no run here"):
        run_folder.read(folder)


@pytest.mark.parametrize("content", [b"", b"PK", b"not an archive"])
def test_masks_that_cannot_be_read_are_damage(
    content: bytes, tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    folder = store.save(tmp_path, make_record(run), make_rows(run))
    assert run_folder.read_masks(folder) == {}
    assert run_folder.bytes_of_masks(folder) == 0
    (folder / run_folder.MASKS).write_bytes(content)
    assert run_folder.bytes_of_masks(folder) == len(content)
    with pytest.raises(DamageError, match=run_folder.MASKS):
        run_folder.read_masks(folder)


def test_unfinished_folders_are_not_results_and_can_be_removed(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    folder = store.save(tmp_path, make_record(run), make_rows(run))
    leftovers = [folder.parent / f".unfinished-{run.id}-{end}" for end in ("a", "b")]
    of_another = folder.parent / f".unfinished-{replace(run, seed=9).id}-a"
    for half in (*leftovers, of_another):
        half.mkdir()
        (half / run_folder.RECORD).write_text("{")
    assert store.read(tmp_path, "split_mnist", "smoke").damaged == {}
    run_folder.remove_unfinished(folder)
    assert set(folder.parent.iterdir()) == {folder, of_another}
    assert store.status(tmp_path, run) == "finished"


def test_whether_run_folders_can_be_written_is_known_before_there_is_one(tmp_path: Path) -> None:
    method = tmp_path / "split_mnist" / "smoke" / "ewc"
    run_folder.check_writable(method)
    assert list(tmp_path.iterdir()) == []  # it leaves nothing
    method.parent.mkdir(parents=True)
    method.touch()
    with pytest.raises(FileExistsError, match="ewc"):
        run_folder.check_writable(method)


def test_removing_the_last_run_removes_the_folders_above_it(
    tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    runs = [run, replace(run, baseline="si")]
    folders = [store.save(tmp_path, make_record(one), make_rows(one)) for one in runs]
    run_folder.remove(folders[0])
    assert [path.name for path in (tmp_path / "split_mnist" / "smoke").iterdir()] == ["si"]
    run_folder.remove(folders[1])
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
