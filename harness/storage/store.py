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
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd
from pyarrow.lib import ArrowException

from harness.config.run import Run
from harness.storage import schema

if TYPE_CHECKING:
    import numpy as np

RECORD: Final = "run.json"
ROWS: Final = "rows.parquet"
MASKS: Final = "masks.npz"
_UNFINISHED: Final = ".unfinished-"
_LOCK: Final = ".lock"


@dataclass(frozen=True, slots=True)
class Record:
    """How one run ended, as written to `run.json`.

    Attributes:
        run: the run.
        method: the method's declaration: title, reference, relaxations.
        provenance: device, versions, commit, command and times; never part of the identity.
        status: whether the run finished or failed.
        error: the traceback of a failed run.
    """

    run: Run
    method: Mapping[str, Any]
    provenance: Mapping[str, Any]
    status: Literal["finished", "failed"] = "finished"
    error: str = ""


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

    Runs of an older version of the benchmark, or of their method, are left out where finished ones
    of a newer version are there: the two must not be averaged or compared. Nor must runs from
    before and after a change of defaults; what differs in the older ones is added to their label.
    """
    found = Results()
    tables = {}
    for path in _folders(results / benchmark / profile):
        try:
            record = _read_record(path)
            if record.status == "finished":
                tables[record.run.id] = _read_rows(path, record.run)
        except (OSError, ValueError, KeyError, TypeError) as error:
            found.damaged[path] = f"{type(error).__name__}: {error}"
        else:
            found.records.append(record)
    found.records = _told_apart(_newest(found.records))
    read = [
        tables[record.run.id].assign(setting=record.run.setting)
        for record in found.records
        if record.status == "finished"
    ]
    if read:
        found.rows = schema.check(pd.concat(read, ignore_index=True))
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


def _newest(records: Sequence[Record]) -> list[Record]:
    finished: dict[str, tuple[int, ...]] = {}
    for record in records:
        if record.status == "finished":
            run = record.run
            finished[run.baseline] = max(finished.get(run.baseline, ()), _age(run))
    oldest = (max((version for version, *_ in finished.values()), default=0),)
    return [r for r in records if _age(r.run) >= max(finished.get(r.run.baseline, ()), oldest)]


def _told_apart(records: Sequence[Record]) -> list[Record]:
    latest: dict[tuple[str, str], Record] = {}
    for record in sorted(records, key=lambda one: str(one.provenance.get("started", ""))):
        latest[record.run.baseline, record.run.setting] = record

    def labelled(record: Record) -> Record:
        run = record.run
        differences = _differences(run, latest[run.baseline, run.setting].run)
        setting = ", ".join(filter(None, [run.setting, *differences]))
        return replace(record, run=replace(run, setting=setting))

    return [labelled(record) for record in records]


def _differences(run: Run, other: Run) -> Iterator[str]:
    """What a run has otherwise, as a label says it."""
    for prefix, mine, theirs in (
        ("", run.settings, other.settings),
        ("training.", run.training, other.training),
    ):
        for name in [*mine, *(name for name in theirs if name not in mine)]:
            if mine.get(name) != theirs.get(name):
                yield f"{prefix}{name}={mine.get(name)}"


def _age(run: Run) -> tuple[int, ...]:
    return tuple(run.versions.get(part, 0) for part in ("benchmark", "baseline", "rows"))


def _write(
    path: Path,
    record: Record,
    rows: pd.DataFrame | None,
    masks: Mapping[str, np.ndarray] | None,
) -> None:
    content = {"schema": schema.VERSION, "id": record.run.id, **asdict(record)}
    (path / RECORD).write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
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
    content = json.loads((path / RECORD).read_text())
    run = Run(**content["run"])
    if run.id != path.name:
        raise ValueError(f"{RECORD} describes run {run.id}, not {path.name}")
    record = Record(
        run=run,
        method=content["method"],
        provenance=content["provenance"],
        status=content["status"],
        error=content["error"],
    )
    if record.status not in ("finished", "failed"):
        raise ValueError(f"{RECORD} has the status {record.status!r}")
    for name, table in (("method", record.method), ("provenance", record.provenance)):
        if not isinstance(table, dict):
            raise TypeError(f"{name} in {RECORD} is no table")
    if "title" not in record.method:
        raise KeyError("title")
    return record


def _read_rows(path: Path, run: Run) -> pd.DataFrame:
    try:
        rows = schema.check(pd.read_parquet(path / ROWS, page_checksum_verification=True))
    except ArrowException as error:
        raise ValueError(f"{ROWS}: {error}") from None
    if set(rows["run_id"]) != {run.id}:
        raise ValueError(f"{ROWS} holds rows of {set(rows['run_id'])}")
    return rows
