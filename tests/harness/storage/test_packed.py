"""A packed file: the same bytes for the same runs, every damage noticed, any parquet reader's."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from harness.config.run import Run
from harness.storage import packed, schema, validation
from harness.storage.damage import DamageError
from harness.storage.packed import PackedRuns
from harness.storage.record import Record

Records = Callable[..., Record]
Rows = Callable[..., pd.DataFrame]


@pytest.fixture(scope="session")
def content(run: Run, make_record: Records, make_rows: Rows) -> PackedRuns:
    """Three finished runs and a failed one, of two methods."""
    values = np.random.default_rng(0).random(3)
    runs = [replace(run, seed=seed, baseline=name) for seed in (0, 1) for name in ("si", "ewc")]
    records = [make_record(one, error="" if number else "no") for number, one in enumerate(runs)]
    tables = [make_rows(one, *values) for one in runs[1:]]
    return packed.in_order(reversed(records), tables)


def same(ours: PackedRuns, theirs: PackedRuns) -> bool:
    return dict(ours.records) == dict(theirs.records) and ours.rows.equals(theirs.rows)


def written(folder: Path, content: PackedRuns) -> Path:
    path = packed.path_of(folder, "split_mnist", "smoke")
    packed.write(path, content)
    return path


def with_metadata(path: Path, **changes: bytes | None) -> None:
    """Write a packed file again with other key-value metadata, None for none."""
    table, metadata = pq.read_table(path), dict(pq.read_metadata(path).metadata)
    for name, value in changes.items():
        metadata[f"rmn_harness.{name}".encode()] = value
    metadata = {name: value for name, value in metadata.items() if value is not None}
    pq.write_table(table.replace_schema_metadata(metadata), path)


def test_runs_are_in_order_and_read_back(tmp_path: Path, content: PackedRuns) -> None:
    path = written(tmp_path, content)
    assert path == tmp_path / "split_mnist" / "smoke.parquet"
    found = packed.read(path)
    assert same(found, content)
    assert [record.run.overrides for record in found.records.values()] == [
        record.run.overrides for record in content.records.values()
    ]
    keys = [(record.run.baseline, run_id) for run_id, record in found.records.items()]
    assert keys == sorted(keys)
    finished = [run_id for run_id, one in found.records.items() if one.status == "finished"]
    assert list(dict.fromkeys(found.rows["run_id"])) == finished
    assert [path.name for path in path.parent.iterdir()] == ["smoke.parquet"]


def test_the_same_runs_give_the_same_bytes(tmp_path: Path, content: PackedRuns) -> None:
    first = written(tmp_path / "one", content).read_bytes()
    rows = [content.run(run_id)[1] for run_id in content.records]
    shuffled = packed.in_order(reversed(list(content.records.values())), reversed(rows))
    assert written(tmp_path / "other", shuffled).read_bytes() == first


def test_any_parquet_reader_finds_rows_and_records(tmp_path: Path, content: PackedRuns) -> None:
    path = written(tmp_path, content)
    assert list(pd.read_parquet(path).columns) == list(schema.COLUMNS)
    compressed = pq.read_metadata(path).metadata[b"rmn_harness.records"]
    records = json.loads(gzip.decompress(base64.b64decode(compressed)))
    assert [record["id"] for record in records] == list(content.records)


def test_nothing_there_is_nothing(tmp_path: Path) -> None:
    path = packed.path_of(tmp_path, "split_mnist", "smoke")
    assert not packed.index(path)
    assert packed.read(path).rows.empty
    assert list(packed.under(tmp_path)) == []


def test_runs_that_have_all_failed_have_no_rows(
    tmp_path: Path, run: Run, make_record: Records
) -> None:
    content = packed.in_order([make_record(run, error="no")], [])
    found = packed.read(written(tmp_path, content))
    assert same(found, content)
    assert found.rows.empty


def test_what_cannot_be_read_back_is_not_written(
    tmp_path: Path, content: PackedRuns, run: Run, make_record: Records
) -> None:
    path = written(tmp_path, content)
    before = path.read_bytes()
    stranger = make_record(replace(run, seed=9))
    for records in ({}, {**content.records, stranger.run.id: stranger}):
        with pytest.raises(ValueError, match="run"):
            packed.write(path, PackedRuns(records, content.rows))
    assert path.read_bytes() == before


def test_every_flipped_bit_is_noticed_or_changes_nothing(
    tmp_path: Path, content: PackedRuns
) -> None:
    path = written(tmp_path, content)
    whole = path.read_bytes()
    noticed = 0
    positions = range(0, len(whole), 7)
    for position in positions:
        spoilt = bytearray(whole)
        spoilt[position] ^= 1 << position % 8
        path.write_bytes(spoilt)
        try:
            found = packed.read(path)
        except DamageError:
            noticed += 1
        else:
            assert same(found, content), position
    assert noticed > len(positions) / 2


@pytest.mark.parametrize("size", [0, 1, 100, -1])
def test_part_of_a_file_is_damage(size: int, tmp_path: Path, content: PackedRuns) -> None:
    path = written(tmp_path, content)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(DamageError):
        packed.index(path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": b"1"}, "layout has version 1"),
        ({"version": None}, "layout has version none"),
        ({"records": None}, "records"),
        ({"records": b"[]"}, "Only base64 data"),
        ({"records": base64.b64encode(gzip.compress(b"[]"))}, "not those that were written"),
        ({"sha256": None}, "sha256"),
    ],
)
def test_other_metadata_are_damage(
    changes: dict[str, bytes | None], said: str, tmp_path: Path, content: PackedRuns
) -> None:
    path = written(tmp_path, content)
    with_metadata(path, **changes)
    with pytest.raises(DamageError, match=said):
        packed.index(path)


def test_rows_of_other_runs_are_damage(
    tmp_path: Path, content: PackedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unchecked(rows: pd.DataFrame, runs: Sequence[Run]) -> pd.DataFrame:
        return rows

    with monkeypatch.context() as patch:
        patch.setattr(validation, "check", unchecked)
        path = written(tmp_path, replace(content, rows=content.rows.assign(seed=9)))
    assert packed.index(path)
    with pytest.raises(DamageError, match="which is no run here"):
        packed.read(path)


def test_file_of_another_benchmark_or_profile_is_damage(
    tmp_path: Path, content: PackedRuns
) -> None:
    path = written(tmp_path, content)
    for name in ("split_mnist/other.parquet", "other/smoke.parquet"):
        moved = tmp_path / name
        moved.parent.mkdir(exist_ok=True)
        moved.write_bytes(path.read_bytes())
        with pytest.raises(DamageError, match="is of split_mnist/smoke"):
            packed.index(moved)


def test_replaced_file_is_read_again(tmp_path: Path, content: PackedRuns) -> None:
    path = written(tmp_path, content)
    version = packed.file_version(path)
    assert len(packed.index(path)) == len(content.records)
    [(run_id, record), *_] = content.records.items()
    packed.write(path, PackedRuns({run_id: record}, content.run(run_id)[1]))
    assert packed.file_version(path) != version
    assert list(packed.index(path)) == [run_id]


def test_index_cannot_be_changed(tmp_path: Path, content: PackedRuns) -> None:
    records: Any = packed.index(written(tmp_path, content))
    with pytest.raises(TypeError):
        records["x"] = None
