"""Care of a results folder: check all of it, take in another one, delete runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from harness.storage import packed, run_folder, schema, store, studies
from harness.storage.damage import DamageError
from harness.storage.inventory import StoredRun
from harness.storage.listing import LEVELS, unlisted
from harness.storage.lock import locked
from harness.storage.packing import rewrite
from harness.storage.record import Record
from harness.storage.store import Results


@dataclass(slots=True)
class Verification:
    """What `verify` found.

    Attributes:
        runs: number of runs that count.
        rows: number of their rows.
        files: number of packed files, damaged ones too.
        folders: number of run folders, damaged ones too.
        studies: number of studies, damaged ones too.
        damaged: files and folders that cannot be read or contradict each other, with the reason.
    """

    runs: int = 0
    rows: int = 0
    files: int = 0
    folders: int = 0
    studies: int = 0
    damaged: dict[Path, str] = field(default_factory=dict)


@dataclass(slots=True)
class Merge:
    """What `merge` did.

    Attributes:
        taken: folders of the runs that were missing here.
        studies: files of the studies that were missing here.
        present: number of runs that were here before, or failed where this folder has a result.
        left: what was not taken, with the reason: damaged, or in contradiction to what is here.
    """

    taken: list[Path] = field(default_factory=list)
    studies: list[Path] = field(default_factory=list)
    present: int = 0
    left: dict[str, str] = field(default_factory=dict)


def verify(results: Path) -> Verification:
    """Read every byte of every run in either form, masks too.

    Args:
        results: folder of all results.
    """
    found = Verification()
    found.damaged |= unlisted(results, LEVELS)
    for benchmark, profile in store.contents(results):
        read = store.read(results, benchmark, profile)
        folders = list(run_folder.under(results / benchmark / profile))
        found.runs += len(read.records)
        found.rows += len(read.rows)
        found.files += packed.path_of(results, benchmark, profile).is_file()
        found.folders += len(folders)
        found.damaged |= read.damaged
        for path in folders:
            try:
                run_folder.read_masks(path)
            except DamageError as error:
                found.damaged.setdefault(path, str(error))
    for benchmark in studies.benchmarks(results):
        tried = studies.read(results, benchmark)
        found.studies += len(tried.studies) + len(tried.damaged)
        found.damaged |= tried.damaged
    return found


def merge(results: Path, other: Path) -> Merge:
    """Take the runs of another results folder that are missing or have failed here, as folders.

    Studies that are missing here are taken as well. Nothing here is overwritten but the failures of
    runs that have finished there.

    Args:
        results: folder of all results, changed.
        other: another one, in either form, left as it is.

    Raises:
        OSError: a folder cannot be written.
    """
    done = Merge()
    done.left |= {str(path): reason for path, reason in unlisted(other, LEVELS).items()}
    for benchmark, profile in store.contents(other):
        theirs = store.read(other, benchmark, profile)
        done.left |= {str(path): reason for path, reason in theirs.damaged.items()}
        ours = store.read(results, benchmark, profile)
        own, tables, own_tables = _by_id(ours), schema.by_run(theirs.rows), schema.by_run(ours.rows)
        for run_id, record in _by_id(theirs).items():
            source, target = (root / record.run.folder for root in (other, results))
            file = packed.path_of(results, benchmark, profile)
            mine = own.get(run_id)
            if blocked := [path for path in (file, target) if path in ours.damaged]:
                done.left[str(source)] = f"{blocked[0]} is damaged: {ours.damaged[blocked[0]]}"
            elif mine is None or mine.status != "finished" == record.status:
                try:
                    masks = run_folder.read_masks(source)
                    store.save(results, record, tables.get(run_id), masks)
                except (DamageError, store.AlreadyFinishedError) as error:
                    done.left[str(source)] = str(error)
                else:
                    done.taken.append(target)
            elif mine.status == record.status == "finished" and store.contradict(
                (mine, own_tables[run_id]), (record, tables[run_id])
            ):
                done.left[str(source)] = f"it differs from the same run in {results}, which stays"
            else:
                done.present += 1
    for benchmark in studies.benchmarks(other):
        _merge_studies(results, other, benchmark, done)
    return done


def _merge_studies(results: Path, other: Path, benchmark: str, done: Merge) -> None:
    """Take the studies of a benchmark that are missing here."""
    theirs, ours = (studies.read(root, benchmark) for root in (other, results))
    done.left |= {str(path): reason for path, reason in theirs.damaged.items()}
    own = {study.file: study for study in ours.studies}
    for study in theirs.studies:
        source, target = other / study.file, results / study.file
        if target in ours.damaged:
            done.left[str(source)] = f"{target} is damaged: {ours.damaged[target]}"
        elif study.file not in own:
            done.studies.append(studies.save(results, study))
        elif own[study.file] != study:
            done.left[str(source)] = f"it differs from the same study in {results}, which stays"


def delete(results: Path, runs: Iterable[StoredRun]) -> None:
    """Delete runs where they are stored.

    Args:
        results: folder of all results.
        runs: of its inventory.

    Raises:
        DamageError: a packed file cannot be read; its runs are left.
        OSError: something cannot be deleted.
    """
    chosen = list(runs)
    with locked(results):
        for path in {run.path for run in chosen if run.place == "folder"}:
            run_folder.remove(path)
        for file in {run.path for run in chosen if run.place == "packed"}:
            content = packed.read(file)
            gone = {run.run_id for run in chosen if run.path == file}
            rest = {run_id: one for run_id, one in content.records.items() if run_id not in gone}
            rewrite(file, content, rest)


def _by_id(results: Results) -> dict[str, Record]:
    return {record.run.id: record for record in results.records}
