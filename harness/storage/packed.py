"""All runs of one benchmark and profile as one parquet file, the form in which they are committed.

<benchmark>/<profile>.parquet has the rows of all finished runs, with the columns of
`storage.schema`, by method, then run id; strings are dictionary-encoded, pages are compressed by
zstd and carry checksums. The file's key-value metadata has

rmn_harness.version  version of this layout
rmn_harness.records  the records (`storage.record`) of the finished and the failed runs in the same
                     order: one JSON array, compressed by gzip (records of one benchmark are much
                     alike: to a thirtieth), in base64 (parquet's metadata is text)
rmn_harness.sha256   hexadecimal SHA-256 of the JSON

Equal runs give equal bytes with the same pyarrow. Masks are not packed.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from harness.storage import schema, validation
from harness.storage.damage import damage_named
from harness.storage.listing import files, subfolders
from harness.storage.record import Record, from_json, parse, to_json
from harness.storage.replacing import replacing

PACKED_VERSION: Final = 2
"""Version of the layout of a packed file."""

SUFFIX: Final = ".parquet"

_VERSION: Final = b"rmn_harness.version"
_RECORDS: Final = b"rmn_harness.records"
_DIGEST: Final = b"rmn_harness.sha256"
_COMPRESSION_LEVEL: Final = 19
"""Of zstd: written once, read often; a tenth smaller than at the default of 1."""


@dataclass(frozen=True, slots=True)
class PackedRuns:
    """What a packed file holds.

    Attributes:
        records: by run id, in the order of the file.
        rows: of the finished runs, in the same order.
    """

    records: Mapping[str, Record] = field(default_factory=dict)
    rows: pd.DataFrame = field(default_factory=lambda: schema.empty())

    def run(self, run_id: str) -> tuple[Record, pd.DataFrame]:
        """The record of a run and its rows, none for a failed one."""
        return self.records[run_id], schema.of_runs(self.rows, [run_id])


def path_of(results: Path, benchmark: str, profile: str) -> Path:
    """Where the packed file of a benchmark and profile is, or will be."""
    return results / benchmark / f"{profile}{SUFFIX}"


def under(results: Path) -> Iterator[Path]:
    """The packed files under a results folder, in order."""
    for benchmark in subfolders(results):
        yield from files(benchmark, SUFFIX)


def position(record: Record) -> tuple[str, str]:
    """What runs are sorted by, in a packed file and wherever runs are read."""
    return record.run.baseline, record.run.id


def in_order(records: Iterable[Record], tables: Iterable[pd.DataFrame]) -> PackedRuns:
    """Runs with their rows in the order of a packed file; each run's rows keep theirs.

    Args:
        records: of distinct runs.
        tables: rows of the finished ones, in any order.
    """
    by_id = {record.run.id: record for record in sorted(records, key=position)}
    rows = schema.concat(list(tables))
    places = {run_id: place for place, run_id in enumerate(by_id)}
    place = np.array([places[run_id] for run_id in rows["run_id"].cat.categories], dtype=np.intp)
    place = place[rows["run_id"].cat.codes]
    if (np.diff(place) < 0).any():
        rows = rows.iloc[place.argsort(kind="stable")].reset_index(drop=True)
    return PackedRuns(by_id, rows)


def write(path: Path, content: PackedRuns) -> None:
    """Write a packed file whole or not at all, in place of an earlier one.

    Args:
        path: see `path_of`.
        content: runs of this benchmark and profile, as `in_order` gives them.

    Raises:
        ValueError: the rows do not fit the schema or the records.
        OSError: the file cannot be written.
    """
    rows = validation.check(schema.check(content.rows), _finished(content.records))
    records = [to_json(record) for record in content.records.values()]
    text = json.dumps(records, separators=(",", ":")).encode()
    for one in parse(text):
        from_json(one)  # what is written can be read back
    metadata = {
        _VERSION: str(PACKED_VERSION).encode(),
        _RECORDS: base64.b64encode(gzip.compress(text, mtime=0)),
        _DIGEST: hashlib.sha256(text).hexdigest().encode(),
    }
    table = schema.to_arrow(rows).replace_schema_metadata(None)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as unfinished, unfinished.open("wb") as file:
        with pq.ParquetWriter(
            file,
            table.schema,
            compression="zstd",
            compression_level=_COMPRESSION_LEVEL,
            use_dictionary=[name for name in schema.COLUMNS if name != "value"],
            write_page_checksum=True,
            store_schema=False,
        ) as writer:
            writer.write_table(table)
            writer.add_key_value_metadata(metadata)
        file.flush()
        os.fsync(file.fileno())  # run folders may be deleted once this file is there


def read(path: Path) -> PackedRuns:
    """The content of a packed file, checked; none where there is no file.

    Raises:
        DamageError: something in it is wrong.
    """
    records = index(path)
    if not records:
        return PackedRuns()
    with damage_named():
        file = pq.ParquetFile(path, read_dictionary=schema.TEXTS, page_checksum_verification=True)
        rows = validation.check(schema.from_arrow(file.read()), _finished(records))
    return PackedRuns(records, rows)


def index(path: Path) -> Mapping[str, Record]:
    """The records in a packed file by run id, without its rows; none where there is no file.

    A file is opened once, and again when it has changed.

    Raises:
        DamageError: they cannot be read.
    """
    version = file_version(path)
    return _index(path.absolute(), version) if version else MappingProxyType({})


def file_version(path: Path) -> tuple[int, ...]:
    """Differs before and after a packed file is replaced; empty where there is none."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError:  # in a folder that may not be entered; reading it says so
        return (0,)
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


@lru_cache(maxsize=256)
def _index(path: Path, version: tuple[int, ...]) -> Mapping[str, Record]:
    with damage_named():
        metadata = pq.read_metadata(path).metadata or {}
        layout = metadata.get(_VERSION, b"").decode()
        if layout != str(PACKED_VERSION):
            raise ValueError(f"its layout has version {layout or 'none'}, not {PACKED_VERSION}")
        text = gzip.decompress(base64.b64decode(metadata[_RECORDS], validate=True))
        if hashlib.sha256(text).hexdigest().encode() != metadata[_DIGEST]:
            raise ValueError("the records are not those that were written")
        records = [from_json(content) for content in parse(text)]
        for record in records:
            place = (record.run.benchmark, record.run.profile)
            if place != (path.parent.name, path.stem):
                raise ValueError(f"run {record.run.id} is of {'/'.join(place)}")
        by_id = {record.run.id: record for record in records}
        if list(by_id.values()) != sorted(records, key=position):
            raise ValueError("the records are not in order, or one is there twice")
        return MappingProxyType(by_id)


def _finished(records: Mapping[str, Record]) -> list[Any]:
    return [record.run for record in records.values() if record.status == "finished"]
