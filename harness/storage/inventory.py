"""What is stored where, one entry for each run and place, without reading any rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

from harness.storage import packed, run_folder
from harness.storage.damage import DamageError
from harness.storage.listing import LEVELS, subfolders, unlisted
from harness.storage.record import NEWER, Record

Place = Literal["folder", "packed"]


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run in one of the places where it is stored.

    Attributes:
        benchmark: its name.
        profile: its name.
        method: its name.
        run_id: of the run.
        place: "packed" or "folder".
        path: the packed file or the run's folder.
        record: None if the folder is damaged.
        damage: why the folder cannot be read, "" if it can.
        size: bytes of the folder; 0 for a packed run, which shares its file with others.
    """

    benchmark: str
    profile: str
    method: str
    run_id: str
    place: Place
    path: Path
    record: Record | None
    damage: str = ""
    size: int = 0

    @property
    def scenario(self) -> str:
        """What the run was asked (`harness.config.scenarios`), "" if the folder is damaged."""
        return self.record.run.scenario if self.record else ""

    @property
    def status(self) -> str:
        """How it ended (`harness.storage.record.STATUSES`), or "newer" or "damaged"."""
        if self.record:
            return self.record.status
        return "newer" if NEWER in self.damage else "damaged"

    def read(self) -> tuple[Record, pd.DataFrame]:
        """The record and the rows (`storage.schema`), none for a failed run.

        Raises:
            DamageError: they cannot be read.
        """
        if self.place == "folder":
            return run_folder.read(self.path)
        return packed.read(self.path).run(self.run_id)


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that is under a results folder.

    Attributes:
        runs: by benchmark, profile, place, method and id; one that is packed and has a folder
            stands there twice.
        files: bytes of each packed file that can be read.
        damaged: packed files that cannot be read, and folders that cannot be listed, with the
            reason.
    """

    runs: list[StoredRun] = field(default_factory=list)
    files: dict[Path, int] = field(default_factory=dict)
    damaged: dict[Path, str] = field(default_factory=dict)


def take_inventory(results: Path) -> Inventory:
    """List every run in every place.

    Args:
        results: folder of all results.
    """
    found = Inventory(damaged=unlisted(results, LEVELS))
    for file in packed.under(results):
        try:
            found.runs.extend(_packed(file))
        except DamageError as error:
            found.damaged[file] = str(error)
        else:
            found.files[file] = file.stat().st_size
    for profile in subfolders(results, 2):
        found.runs.extend(map(_folder, run_folder.under(profile)))
    found.runs.sort(
        key=lambda run: (
            run.benchmark,
            run.profile,
            run.place == "folder",
            run.method,
            run.run_id,
        )
    )
    return found


def matching(
    runs: Iterable[StoredRun], ids: Sequence[str] = (), **fields: str | None
) -> list[StoredRun]:
    """The runs that meet every condition.

    Args:
        runs: to choose from.
        ids: beginnings of run ids, of which one must fit; none: any id.
        fields: values of `StoredRun`'s attributes by name; None: any value.
    """
    wanted: Mapping[str, str] = {name: text for name, text in fields.items() if text is not None}
    return [
        run
        for run in runs
        if all(getattr(run, name) == text for name, text in wanted.items())
        and (not ids or run.run_id.startswith(tuple(ids)))
    ]


def that_counts(copies: Sequence[StoredRun]) -> StoredRun:
    """Of the places of one run the one that `storage.store.read` takes it from.

    Args:
        copies: of one run, at least one.
    """

    def rank(copy: StoredRun) -> tuple[bool, bool, bool]:
        finished = copy.status == "finished"
        return finished, copy.status in ("failed", "diverged"), (copy.place == "packed") is finished

    return max(copies, key=rank)


def _packed(file: Path) -> Iterator[StoredRun]:
    for run_id, record in packed.index(file).items():
        run = record.run
        yield StoredRun(run.benchmark, run.profile, run.baseline, run_id, "packed", file, record)


def _folder(path: Path) -> StoredRun:
    benchmark, profile, method, run_id = path.absolute().parts[-4:]
    record, damage = None, ""
    try:
        record = run_folder.read_record(path)
    except DamageError as error:
        damage = str(error)
    size = 0
    with suppress(PermissionError):
        size = sum(file.stat().st_size for file in path.iterdir())
    return StoredRun(benchmark, profile, method, run_id, "folder", path, record, damage, size)
