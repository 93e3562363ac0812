"""The disk is the seam: finished runs go in as whole folders, tidy rows come out.

results/<benchmark>/<profile>/<method>/<run id>/   one run (`storage.run_folder`)
results/<benchmark>/<profile>.parquet              many of them, packed (`storage.packed`)

A run that is in both counts once. The finished one counts; of two finished ones the packed one,
and where they differ, the folder is named as damaged; of two failed ones the folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from errno import ENOSPC
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd

from harness.config.run import Run
from harness.storage import packed, run_folder, schema
from harness.storage.damage import DamageError
from harness.storage.lock import locked
from harness.storage.packed import PackedRuns
from harness.storage.record import Record

if TYPE_CHECKING:
    import numpy as np

State = Literal["missing", "finished", "failed", "diverged", "damaged"]

_LEAST_SPACE: Final = 2**24
"""Bytes that must be free before runs are made: a checkpoint of a large network and its rows."""


class AlreadyFinishedError(Exception):
    """The run is in the store, finished; another command has made it."""


@dataclass(slots=True)
class Results:
    """Everything under one results folder for one benchmark and profile.

    Attributes:
        records: finished and failed runs, by method, then run id.
        rows: raw measurements of the finished runs (`harness.storage.schema`), in the same order.
        damaged: folders and files that could not be read, and folders that contradict a packed
            run, with the reason; they were left alone.
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
    masks: Mapping[str, np.ndarray[Any, Any]] | None = None,
) -> Path:
    """Write a run's folder whole or not at all; a failed run never replaces a finished one.

    A packed file that is damaged stops no run from being saved.

    Args:
        results: folder of all results.
        record: what ran, and how it ended.
        rows: raw measurements of a finished run, None for a failed one.
        masks: packed masks by name, if it has any.

    Returns:
        The folder.

    Raises:
        ValueError: the rows do not fit the schema or the run.
        AlreadyFinishedError: the run is in the store, finished.
        OSError: the folder cannot be written.
    """
    target = folder(results, record.run)
    file = packed.path_of(results, record.run.benchmark, record.run.profile)
    with (
        run_folder.staged(target, record, rows, masks) as whole,
        locked(results),  # other commands may end the same run
    ):
        for place, found in (
            (target, _state_of_folder(target)),
            (file, _state_in(file, record.run.id)),
        ):
            if found == "finished":
                raise AlreadyFinishedError(f"{place} holds the run; it is never overwritten")
        run_folder.put(whole, target)  # over an earlier failure
    return target


def check_writable(results: Path, runs: Iterable[Run]) -> None:
    """Find out whether runs can be stored, before any is made.

    Args:
        results: folder of all results.
        runs: that will be stored.

    Raises:
        OSError: they cannot; names the file or folder in the way.
    """
    with locked(results):
        pass
    for parent in sorted({folder(results, run).parent for run in runs}):
        run_folder.check_writable(parent)
    free = shutil.disk_usage(results).free
    if free < _LEAST_SPACE:
        raise OSError(ENOSPC, f"only {free // 1024} KiB are free on its disk", str(results))


def status(results: Path, run: Run) -> State:
    """Whether a run needs running, without reading its rows.

    Args:
        results: folder of all results.
        run: the run.

    Returns:
        "damaged" also where a packed file cannot be read that may hold the run.
    """
    of_folder = _state_of_folder(folder(results, run))
    if of_folder == "finished":
        return of_folder
    in_file = _state_in(packed.path_of(results, run.benchmark, run.profile), run.id)
    if in_file == "finished" or of_folder == "missing":
        return in_file
    return of_folder


@dataclass(frozen=True, slots=True)
class Survey:
    """What there is of one benchmark and profile, without any rows.

    Attributes:
        states: of runs by id; those that are damaged, or may be in a damaged file, are not there.
        records: of the same runs.
        damaged: folders and files that cannot be read, with the reason.
    """

    states: dict[str, State] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    damaged: dict[Path, str] = field(default_factory=dict)


def survey(results: Path, benchmark: str, profile: str) -> Survey:
    """`status` of the runs that are there, and what is damaged; each record is read once.

    Args:
        results: folder of all results.
        benchmark: its name.
        profile: its name.
    """
    found = Survey()
    file = packed.path_of(results, benchmark, profile)
    inside: Mapping[str, Record] = {}
    records: dict[str, Record] = {}
    try:
        inside = packed.index(file)
    except DamageError as error:
        found.damaged[file] = str(error)
    for path in run_folder.under(results / benchmark / profile):
        try:
            record = run_folder.read_record(path)
        except DamageError as error:
            if path.exists():  # else it was packed or deleted meanwhile
                found.damaged[path] = str(error)
        else:
            if record.status == "finished" or file not in found.damaged:
                records[path.name] = record
    doubtful = {path.name for path in found.damaged}
    for run_id, record in inside.items():
        if record.status == "finished" or not (run_id in doubtful or run_id in records):
            records[run_id] = record
    found.states.update({run_id: record.status for run_id, record in records.items()})
    found.records.extend(records.values())
    return found


def read(results: Path, benchmark: str, profile: str) -> Results:
    """All runs of a benchmark and profile; what is damaged is named and left alone.

    Args:
        results: folder of all results.
        benchmark: its name.
        profile: its name.
    """
    file = packed.path_of(results, benchmark, profile)
    while True:
        version = packed.file_version(file)
        found = _read(results / benchmark / profile, file)
        if packed.file_version(file) == version:  # else runs went from folders into it, or back
            return found


def contents(results: Path) -> list[tuple[str, str]]:
    """The pairs of benchmark and profile that have runs in either form, in order.

    Args:
        results: folder of all results.
    """
    pairs = {(file.parent.name, file.stem) for file in packed.under(results)}
    for profile in results.glob("*/*"):
        if not profile.parent.name.startswith(".") and any(run_folder.under(profile)):
            pairs.add((profile.parent.name, profile.name))
    return sorted(pairs)


def contradict(ours: tuple[Record, pd.DataFrame], theirs: tuple[Record, pd.DataFrame]) -> bool:
    """Whether two finished runs of one id were measured apart: other circumstances or other rows.

    What their methods declared may differ; it changes no measurement.

    Args:
        ours: a record and its rows (`harness.storage.schema`), numbered from 0.
        theirs: the other ones.
    """
    (record, rows), (other, other_rows) = ours, theirs
    return record.provenance != other.provenance or not schema.equal(rows, other_rows)


def _read(root: Path, file: Path) -> Results:
    found = Results()
    try:
        inside = packed.read(file)
    except DamageError as error:
        found.damaged[file] = str(error)
        inside = PackedRuns()
    folders = run_folder.read_all(list(run_folder.under(root)))
    # one that is gone was packed or deleted meanwhile
    found.damaged |= {path: why for path, why in folders.damaged.items() if path.exists()}
    records, added, twice = dict(inside.records), [], {}
    for path, record in folders.records.items():
        run_id = record.run.id
        if run_id not in records or records[run_id].status != "finished":
            records[run_id] = record
            added.append(run_id)
        elif record.status == "finished":
            twice[path] = record
    here, there = (schema.by_run(one.rows) if twice else {} for one in (folders, inside))
    for path, record in twice.items():
        run_id = record.run.id
        if contradict((record, here[run_id]), (records[run_id], there[run_id])):
            found.damaged[path] = f"it differs from the run of the same id in {file}, which counts"
    if added:
        rows = folders.rows
        if len(added) < len(folders.records):
            rows = schema.of_runs(rows, added)
        tables = [table for table in (inside.rows, rows) if len(table)]
        inside = packed.in_order(records.values(), tables)
    found.records, found.rows = list(inside.records.values()), inside.rows
    return found


def _state_of_folder(path: Path) -> State:
    try:
        return run_folder.read_record(path).status
    except DamageError:
        return "damaged" if path.exists() else "missing"


def _state_in(file: Path, run_id: str) -> State:
    try:
        record = packed.index(file).get(run_id)
    except DamageError:
        return "damaged"
    return record.status if record else "missing"
