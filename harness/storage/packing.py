"""From run folders to a packed file and back; nothing is removed before its copy was compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from harness.storage import packed, run_folder, schema, store
from harness.storage.damage import DamageError
from harness.storage.lock import locked
from harness.storage.packed import PackedRuns
from harness.storage.record import Record, to_json


@dataclass(frozen=True, slots=True)
class Moved:
    """What `pack` or `unpack` did.

    Attributes:
        file: the packed file.
        folders: of the runs that were moved or copied.
        left: what was left as it was, with the reason: damaged, or in contradiction to the other
            form of the same run.
        masks: bytes of masks in the folders; they are not packed.
    """

    file: Path
    folders: list[Path] = field(default_factory=list)
    left: Mapping[Path, str] = field(default_factory=dict)
    masks: int = 0


def pack(results: Path, benchmark: str, profile: str, *, keep: bool = False) -> Moved:
    """Put the runs of all sound folders into the packed file, then remove the folders.

    Args:
        results: folder of all results.
        benchmark: its name.
        profile: its name.
        keep: leave the folders there.

    Raises:
        DamageError: what was written is not read back; no folder is removed then.
        OSError: the file cannot be written.
    """
    file = packed.path_of(results, benchmark, profile)
    with locked(results):
        folders = list(run_folder.under(results / benchmark / profile))
        found = store.read(results, benchmark, profile)
        if file in found.damaged:
            return Moved(file, left=found.damaged)
        folders = [path for path in folders if path not in found.damaged]
        if folders:
            content = PackedRuns({one.run.id: one for one in found.records}, found.rows)
            packed.write(file, content)
            _compare(file, packed.read(file), content)
        masks = sum(run_folder.bytes_of_masks(path) for path in folders)
        if not keep:
            for path in folders:
                run_folder.remove(path)
    return Moved(file, folders, found.damaged, masks)


def unpack(
    results: Path,
    benchmark: str,
    profile: str,
    run_ids: Collection[str] | None = None,
    *,
    keep: bool = False,
) -> Moved:
    """Make a folder of each packed run, then take the runs out of the packed file.

    Args:
        results: folder of all results.
        benchmark: its name.
        profile: its name.
        run_ids: of the runs, None for all.
        keep: leave the packed file as it is.

    Raises:
        DamageError: the packed file is damaged, or what was written is not read back.
        OSError: a folder cannot be written.
    """
    file = packed.path_of(results, benchmark, profile)
    folders, left = [], {}
    with locked(results):
        content = packed.read(file)
        rest = dict(content.records)
        for run_id, record in content.records.items():
            if run_ids is not None and run_id not in run_ids:
                continue
            target = results / record.run.folder
            reason = _place(target, *content.run(run_id))
            if reason:
                left[target] = reason
            else:
                folders.append(target)
                del rest[run_id]
        if not keep:
            rewrite(file, content, rest)
    return Moved(file, folders, left)


def rewrite(file: Path, content: PackedRuns, records: Mapping[str, Record]) -> None:
    """Leave only some of its runs in a packed file, which goes with the last one.

    Args:
        file: the packed file; the caller holds the lock of the results folder.
        content: all that is in it.
        records: of the runs to leave, by id, in order.
    """
    if not records:
        file.unlink(missing_ok=True)
        run_folder.remove_empty(file.parent)
    elif len(records) < len(content.records):
        packed.write(file, PackedRuns(records, schema.of_runs(content.rows, records)))


def _place(target: Path, record: Record, rows: pd.DataFrame) -> str:
    """Make a packed run's folder, unless one is there that counts; why it cannot be, or ""."""
    if target.exists():
        try:
            other, other_rows = run_folder.read(target)
        except DamageError as error:
            return f"the folder is damaged: {error}"
        if record.status != "finished":
            return ""
        if other.status == "finished":
            differs = store.contradict((record, rows), (other, other_rows))
            return "the folder differs from the packed run" if differs else ""
    with run_folder.staged(target, record, rows if len(rows) else None, None) as whole:
        run_folder.put(whole, target)
    again, again_rows = run_folder.read(target)
    _compare(
        target,
        PackedRuns({record.run.id: again}, again_rows),
        PackedRuns({record.run.id: record}, rows),
    )
    return ""


def _compare(path: Path, there: PackedRuns, wanted: PackedRuns) -> None:
    records, others = (map(to_json, runs.records.values()) for runs in (there, wanted))
    if list(records) != list(others) or not schema.equal(there.rows, wanted.rows):
        raise DamageError(f"{path} does not hold what was just written to it")
