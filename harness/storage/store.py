"""The disk is the seam: finished runs go in as whole folders, tidy rows come out.

results/<benchmark>/<profile>/<baseline>/<run id>/run.json      what ran, where, and how it ended
                                                  rows.parquet  raw measures (`storage.schema`)
                                                  masks.npz     packed masks, where there are any
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pandas as pd
from pyarrow.lib import ArrowException

from harness.config.run import Run
from harness.storage import schema
from harness.storage.record import Record, from_json, to_json

if TYPE_CHECKING:
    import numpy as np

RECORD: Final = "run.json"
ROWS: Final = "rows.parquet"
MASKS: Final = "masks.npz"
_UNFINISHED: Final = ".unfinished-"
_LOCK: Final = ".lock"


@dataclass(slots=True)
class Results:
    """Everything under one results folder for one benchmark and profile.

    Attributes:
        records: finished and failed runs.
        rows: raw measures of the finished runs (`harness.storage.schema`).
        damaged: folders that could not be read, with the reason; they were left alone.
    """

    records: list[Record] = field(default_factory=list)
    rows: pd.DataFrame = field(default_factory=lambda: schema.empty())
    damaged: dict[Path, str] = field(default_factory=dict)


def folder(results: Path, run: Run) -> Path:
    """Where a run's folder is, or will be."""
    return results / run.benchmark / run.profile / run.baseline / run.id


def save(
    results: Path,
    record: Record,
    rows: pd.DataFrame | None = None,
    masks: Mapping[str, np.ndarray] | None = None,
) -> Path:
    """Write a run's folder whole or not at all; a failed run never replaces a finished one.

    Raises:
        ValueError: the rows do not fit the schema.
        FileExistsError: the run is already finished.
    """
    target = folder(results, record.run)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=_prefix(os.getpid()), dir=target.parent))
    try:
        unfinished.chmod(0o755)
        _write(unfinished, record, rows, masks)
        with (results / _LOCK).open("w") as lock:  # other commands may end the same run
            with suppress(OSError):  # a file system without locks
                fcntl.flock(lock, fcntl.LOCK_EX)
            if _status(target) == "finished":
                raise FileExistsError(f"{target} holds a finished run; it is never overwritten")
            if target.exists():  # an earlier failure
                shutil.rmtree(target)
            unfinished.replace(target)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return target


def status(results: Path, run: Run) -> Literal["missing", "finished", "failed", "damaged"]:
    """Whether a run needs running, without reading its rows."""
    return _status(folder(results, run))


def read(results: Path, benchmark: str, profile: str) -> Results:
    """All runs of a benchmark and profile; damaged folders are named and left alone.

    Args:
        results: folder of all results.
        benchmark: its name.
        profile: its name.
    """
    found = Results()
    tables = []
    for path in _folders(results / benchmark / profile):
        try:
            record = _read_record(path)
            if record.status == "finished":
                tables.append(_read_rows(path, record.run))
        except (OSError, ValueError, KeyError, TypeError) as error:
            found.damaged[path] = f"{type(error).__name__}: {error}"
        else:
            found.records.append(record)
    if tables:
        found.rows = schema.check(pd.concat(tables, ignore_index=True))
    return found


def remove_unfinished(results: Path, writers: Collection[int]) -> None:
    """Delete what processes that are dead left half-written; other commands may be writing.

    Args:
        results: folder of all results.
        writers: the dead processes' ids.
    """
    for writer in writers:
        for leftover in results.glob(f"*/*/*/{_prefix(writer)}*"):
            shutil.rmtree(leftover, ignore_errors=True)


def _prefix(writer: int) -> str:
    """Of a half-written folder; processes of two machines may have the same id."""
    return f"{_UNFINISHED}{platform.node()}-{writer}-"


def _folders(root: Path) -> Iterator[Path]:
    for path in sorted(root.glob("*/*")):
        if path.is_dir() and not path.name.startswith("."):
            yield path


def _write(
    path: Path,
    record: Record,
    rows: pd.DataFrame | None,
    masks: Mapping[str, np.ndarray] | None,
) -> None:
    (path / RECORD).write_text(json.dumps(to_json(record), indent=2) + "\n")
    if rows is not None:
        schema.check(rows).to_parquet(
            path / ROWS, index=False, compression="zstd", write_page_checksum=True
        )
    if masks:
        import numpy as np

        np.savez_compressed(path / MASKS, allow_pickle=False, **masks)


def _status(path: Path) -> Literal["missing", "finished", "failed", "damaged"]:
    if not path.exists():
        return "missing"
    try:
        record = _read_record(path)
    except (OSError, ValueError, KeyError, TypeError):
        return "damaged"
    if record.status == "finished" and not (path / ROWS).is_file():
        return "damaged"
    return record.status


def _read_record(path: Path) -> Record:
    record = from_json(json.loads((path / RECORD).read_text()))
    if record.run.id != path.name:
        raise ValueError(f"{RECORD} describes run {record.run.id}, not {path.name}")
    return record


def _read_rows(path: Path, run: Run) -> pd.DataFrame:
    try:
        rows = schema.check(pd.read_parquet(path / ROWS, page_checksum_verification=True))
    except ArrowException as error:
        raise ValueError(f"{ROWS}: {error}") from None
    if set(rows["run_id"]) != {run.id}:
        raise ValueError(f"{ROWS} holds rows of {set(rows['run_id'])}")
    return rows
