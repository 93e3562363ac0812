"""One run as a folder, the form in which runs are made.

<baseline>/<run id>/run.json      what ran, where, and how it ended (`storage.record`)
                    rows.parquet  raw measurements of a finished run (`storage.schema`)
                    masks.npz     packed masks, where there are any; read by nothing here
           .unfinished-<run id>-<random>   one that is being written, or was when its writer died
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from harness.storage import schema, validation
from harness.storage.damage import DamageError, damage_named
from harness.storage.listing import subfolders
from harness.storage.record import Record, from_json, parse, to_text
from harness.storage.regular_files import check_regular, read_regular
from harness.storage.texts import as_texts

if TYPE_CHECKING:
    import numpy as np

RECORD: Final = "run.json"
ROWS: Final = "rows.parquet"
MASKS: Final = "masks.npz"
_UNFINISHED: Final = ".unfinished-"
_AT_ONCE: Final = 500
"""So many runs' rows are checked together."""


@dataclass(slots=True)
class RunFolders:
    """What many run folders hold.

    Attributes:
        records: of the runs that could be read, by their folders.
        rows: of the finished ones (`harness.storage.schema`), in the same order.
        damaged: folders that could not be read, with the reason.
    """

    records: dict[Path, Record] = field(default_factory=dict)
    rows: pd.DataFrame = field(default_factory=lambda: schema.empty())
    damaged: dict[Path, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A folder's record, and its rows as they are stored; None for a failed run."""

    path: Path
    record: Record
    rows: pa.Table | None = None


def under(root: Path) -> Iterator[Path]:
    """The run folders <baseline>/<run id> under a folder, in order, also damaged ones."""
    return subfolders(root, 2)


@contextmanager
def staged(
    target: Path,
    record: Record,
    rows: pd.DataFrame | None,
    masks: Mapping[str, np.ndarray[Any, Any]] | None,
) -> Iterator[Path]:
    """A whole run folder beside its place, to be moved there; it is gone after the block.

    Args:
        target: the run's place.
        record: what ran.
        rows: raw measurements of a finished run.
        masks: packed masks by name.

    Raises:
        ValueError: the rows do not fit the schema or are not the run's, a finished run has none, or
            a failed one has some.
    """
    if (rows is not None) != (record.status == "finished"):
        raise ValueError("a finished run has rows, and a failed one has none")
    unfinished = _make_beside(target)
    try:
        unfinished.chmod(0o755)
        (unfinished / RECORD).write_text(to_text(record) + "\n")
        if rows is not None:
            as_texts(validation.check(schema.check(rows), [record.run])).to_parquet(
                unfinished / ROWS, index=False, compression="zstd", write_page_checksum=True
            )
        if masks:
            import numpy as np

            np.savez_compressed(unfinished / MASKS, allow_pickle=False, **masks)
        yield unfinished
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def read(path: Path) -> tuple[Record, pd.DataFrame]:
    """The record of a run's folder and its rows, none for a failed run.

    Raises:
        DamageError: something is missing or wrong.
    """
    found = read_all([path])
    for reason in found.damaged.values():
        raise DamageError(reason)
    [record] = found.records.values()
    return record, found.rows


def read_all(paths: Sequence[Path]) -> RunFolders:
    """The records and the rows of many runs' folders; what is damaged stops no other."""
    found, tables = RunFolders(), []
    for start in range(0, len(paths), _AT_ONCE):
        loaded = []
        for path in paths[start : start + _AT_ONCE]:
            try:
                loaded.append(_load(path))
            except DamageError as error:
                found.damaged[path] = str(error)
        tables += _checked([one for one in loaded if one.rows is not None], found.damaged)
        found.records |= {one.path: one.record for one in loaded if one.path not in found.damaged}
    found.rows = schema.concat(tables)
    return found


def read_record(path: Path) -> Record:
    """The record of a run's folder; of its rows only that a finished run has some.

    Raises:
        DamageError: something is missing or wrong.
    """
    with damage_named(RECORD):
        record = from_json(parse(read_regular(path / RECORD)))
        place = record.run.folder
        if path.absolute().parts[-4:] != place.parts:
            raise ValueError(f"it describes the run of {place.as_posix()}")
    if record.status == "finished":
        with damage_named(ROWS):
            check_regular(path / ROWS)
    return record


def _load(path: Path) -> _Loaded:
    """A folder's record, and its rows as they are stored.

    Raises:
        DamageError: they cannot be read, or the rows are of another run.
    """
    record = read_record(path)
    if record.status != "finished":
        return _Loaded(path, record)
    with damage_named(ROWS):
        content = pa.BufferReader(read_regular(path / ROWS))  # a quarter faster than by its path
        file = pq.ParquetFile(content, page_checksum_verification=True)
        rows = file.read(use_threads=False).replace_schema_metadata(None)
        ids = pc.unique(rows["run_id"]).to_pylist()
        if ids != [record.run.id]:
            raise ValueError(f"rows of the runs {ids}, and the folder is that of {record.run.id}")
    return _Loaded(path, record, rows)


def _checked(loaded: Sequence[_Loaded], damaged: dict[Path, str]) -> list[pd.DataFrame]:
    """The rows of many folders, checked at once; only where that fails, in ever smaller parts.

    Args:
        loaded: finished runs.
        damaged: takes those that do not pass.
    """
    if not loaded:
        return []
    try:
        with damage_named(ROWS):
            rows = pa.concat_tables([one.rows for one in loaded], promote_options="permissive")
            runs = [one.record.run for one in loaded]
            return [validation.check(schema.from_arrow(rows), runs)]
    except DamageError as error:
        if len(loaded) == 1:
            damaged[loaded[0].path] = str(error)
            return []
    middle = len(loaded) // 2
    return [*_checked(loaded[:middle], damaged), *_checked(loaded[middle:], damaged)]


def read_masks(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """The packed masks in a run's folder by name; none where it keeps none.

    Raises:
        DamageError: they cannot be read.
    """
    if not (path / MASKS).exists():
        return {}
    from zipfile import BadZipFile
    from zlib import error as BadCompression

    import numpy as np

    with damage_named(MASKS):
        try:
            with np.load(path / MASKS) as arrays:
                return dict(arrays)
        except (EOFError, BadZipFile, BadCompression) as error:
            raise ValueError(error) from error


def bytes_of_masks(path: Path) -> int:
    """Size of the masks in a run's folder."""
    masks = path / MASKS
    return masks.stat().st_size if masks.exists() else 0


def put(whole: Path, target: Path) -> None:
    """Move a `staged` folder to its place, over what is there.

    Args:
        whole: the folder.
        target: the run's place; the caller holds the lock of the results folder.
    """
    if target.exists():
        _remove_at_once(target)
    whole.replace(target)


def check_writable(parent: Path) -> None:
    """Write and delete a file where run folders will be.

    Args:
        parent: the folder of a method.

    Raises:
        OSError: it cannot be made or written.
    """
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(prefix=_UNFINISHED, dir=parent) as file:
        file.write(b"x")
        file.flush()
    for above in (parent, *parent.parents[:2]):
        remove_empty(above)


def remove(path: Path) -> None:
    """Delete a run's folder, and those of its method, profile and benchmark if they are empty."""
    _remove_at_once(path)
    for above in path.parents[:3]:
        remove_empty(above)


def remove_empty(folder: Path) -> None:
    """Delete a folder, unless there is something in it."""
    with suppress(OSError):
        folder.rmdir()


def remove_unfinished(target: Path) -> None:
    """Delete what processes that are dead left of a run half-written.

    Args:
        target: the run's place; the caller is the one who makes the run, by its claim.
    """
    for leftover in target.parent.glob(f"{_UNFINISHED}{target.name}-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _remove_at_once(path: Path) -> None:
    """Whoever reads it meanwhile finds all of it or none."""
    away = _make_beside(path)
    path.replace(away)
    shutil.rmtree(away)


def _make_beside(target: Path) -> Path:
    while True:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            prefix = f"{_UNFINISHED}{target.name}-"
            return Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
        except FileNotFoundError:  # `remove` has found it empty in between
            continue
