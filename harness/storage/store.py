"""The disk is the seam: finished runs go in as whole folders, tidy rows come out.

results/<benchmark>/<profile>/<method>/<run id>/   one run (`storage.run_folder`)
results/<benchmark>/<profile>.parquet              many of them, packed (`storage.packed`)

A run that is in both counts once. The finished one counts; of two finished ones the packed one,
and where they differ, the folder is named as damaged; of two failed ones the folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from errno import ENOSPC
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd

from harness.config.run import Run
from harness.storage import packed, run_folder, schema
from harness.storage.damage import DamageError
from harness.storage.listing import LEVELS_OF_PROFILE, is_there, subfolders, unlisted
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

    @property
    def finished(self) -> list[Record]:
        """The records of the finished runs."""
        return [record for record in self.records if record.status == "finished"]

    def only(self, records: list[Record]) -> Results:
        """Some of the runs, with their rows.

        Args:
            records: of these.
        """
        some = replace(self, records=records)
        ids = {record.run.id for record in some.finished}
        return replace(some, rows=schema.of_runs(self.rows, ids))


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
    target = results / record.run.folder
    file = packed.path_of(results, record.run.benchmark, record.run.profile)
    with (
        run_folder.staged(target, record, rows, masks) as whole,
        locked(results),  # other commands may end the same run
    ):
        for place, found in (
            (target, _in_folder(target)),
            (file, _in_file(file, record.run.id)),
        ):
            if found[0] == "finished":
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
    for parent in sorted({(results / run.folder).parent for run in runs}):
        run_folder.check_writable(parent)
    free = shutil.disk_usage(results).free
    if free < _LEAST_SPACE:
        raise OSError(ENOSPC, f"only {free // 1024} KiB are free on its disk", str(results))


def status(results: Path, run: Run) -> State:
    """Whether a run needs running, without reading its rows (`look_up`).

    Args:
        results: folder of all results.
        run: the run.
    """
    state, _ = look_up(results, run)
    return state


def look_up(results: Path, run: Run) -> tuple[State, Record | None]:
    """How a run is in the store, and its record, without its rows.

    Args:
        results: folder of all results.
        run: the run.

    Returns:
        The state, "damaged" also where a packed file cannot be read that may hold the run, and the
        record, None where the run is missing or damaged.
    """
    in_file = _in_file(packed.path_of(results, run.benchmark, run.profile), run.id)
    if in_file[0] == "finished":
        return in_file
    in_folder = _in_folder(results / run.folder)
    return in_file if in_folder[0] == "missing" else in_folder


@dataclass(frozen=True, slots=True)
class Survey:
    """What there is of one benchmark and profile, without any rows.

    Attributes:
        results: folder of all results.
        records: of the runs that are there, by their ids.
        damaged: folders and files that cannot be read, with the reason.
    """

    results: Path
    records: dict[str, Record] = field(default_factory=dict)
    damaged: dict[Path, str] = field(default_factory=dict)

    def status(self, run: Run) -> State:
        """What `store.status` said of a run of this benchmark and profile at the time."""
        if record := self.records.get(run.id):
            return record.status
        file = packed.path_of(self.results, run.benchmark, run.profile)
        folder = self.results / run.folder
        places = (folder, folder.parent, folder.parent.parent, file)
        return "damaged" if any(place in self.damaged for place in places) else "missing"


def survey(results: Path, benchmark: str, profile: str) -> Survey:
    """How all runs that are there are in the store; each record is read once.

    Args:
        results: folder of all results.
        benchmark: its name.
        profile: its name.
    """
    found = Survey(results)
    file = packed.path_of(results, benchmark, profile)
    inside: Mapping[str, Record] = {}
    try:
        inside = packed.index(file)
    except DamageError as error:
        found.damaged[file] = str(error)
    found.damaged.update(unlisted(results / benchmark / profile, LEVELS_OF_PROFILE))
    for path in run_folder.under(results / benchmark / profile):
        try:
            found.records[path.name] = run_folder.read_record(path)
        except DamageError as error:
            if is_there(path):  # else it was packed or deleted meanwhile
                found.damaged[path] = str(error)
    for run_id, record in inside.items():
        if record.status == "finished" or found.status(record.run) == "missing":
            found.records[run_id] = record
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
    for profile in subfolders(results, 2):
        if any(run_folder.under(profile)):
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
    found.damaged |= unlisted(root, LEVELS_OF_PROFILE)
    folders = run_folder.read_all(list(run_folder.under(root)))
    # one that is gone was packed or deleted meanwhile
    found.damaged |= {path: why for path, why in folders.damaged.items() if is_there(path)}
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


def _in_folder(path: Path) -> tuple[State, Record | None]:
    try:
        record = run_folder.read_record(path)
    except DamageError:
        return "damaged" if is_there(path) else "missing", None
    return record.status, record


def _in_file(file: Path, run_id: str) -> tuple[State, Record | None]:
    try:
        record = packed.index(file).get(run_id)
    except DamageError:
        return "damaged", None
    return (record.status, record) if record else ("missing", None)
