"""Folders that options name: whether they can be read, written to, and hold the data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from harness.cli.arguments import ArgumentError
from harness.cli.options import DATA_VARIABLE
from harness.config.benchmarks import Benchmark
from harness.config.suggestions import shortened
from harness.data.sources import SOURCES

_LONGEST_NAME: Final = 255
"""Bytes that the usual file systems allow."""


def data_folder(folder: Path | None, benchmark: Benchmark) -> Path | None:
    """The folder that --data or the environment names, None if neither does.

    Args:
        folder: given by --data.
        benchmark: whose data set it must hold.

    Raises:
        ArgumentError: it does not hold the benchmark's data set.
    """
    option = "--data"
    if folder is None and os.environ.get(DATA_VARIABLE):
        option, folder = DATA_VARIABLE, Path(os.environ[DATA_VARIABLE])
    if benchmark.data is not None:
        return folder if folder is None else readable_folder(option, folder)
    source = SOURCES[benchmark.dataset]
    if folder is not None and not (folder / source.file).is_file():
        if source.packaged and option == DATA_VARIABLE:
            return None  # the environment may name a folder for the other data sets
        if source.packaged:
            hint = f"leave out {option}: {benchmark.dataset} ships with the package"
        else:
            hint = f"put it there, or name another folder by --data or {DATA_VARIABLE}"
        raise ArgumentError(f"{option}: {folder / source.file} is missing; {hint}")
    return folder


def readable_folder(option: str, folder: Path) -> Path:
    """The folder, which need not exist yet and may be read-only.

    Args:
        option: that names it.
        folder: as given.

    Raises:
        ArgumentError: it is a file, cannot be read, or can be no folder's name.
    """
    nearest = _nearest(option, folder)
    if not os.access(nearest, os.R_OK | os.X_OK):
        raise ArgumentError(f"{option}: {nearest} cannot be read; name another")
    return folder


def existing_folder(option: str, folder: Path, remedy: str) -> Path:
    """The folder, which must be there.

    Args:
        option: that names it.
        folder: as given.
        remedy: what makes it.

    Raises:
        ArgumentError: it is not there, or cannot be read.
    """
    if not readable_folder(option, folder).is_dir():
        raise ArgumentError(f"{option}: there is no folder {folder}; {remedy}")
    return folder


def writable_folder(option: str, folder: Path) -> Path:
    """The folder, which need not exist yet.

    Args:
        option: that names it.
        folder: as given.

    Raises:
        ArgumentError: it is a file, cannot be read and written, or can be no folder's name.
    """
    nearest = _nearest(option, folder)
    if not os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
        raise ArgumentError(f"{option}: {nearest} cannot be read and written; name another")
    return folder


def _nearest(option: str, folder: Path) -> Path:
    """The folder, or the nearest one above it that is there.

    Raises:
        ArgumentError: it is a file, or the name is none.
    """
    reason = ""
    try:
        if any(len(os.fsencode(part)) > _LONGEST_NAME for part in folder.parts):
            reason = "a name in it is too long"
        folder.lstat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:  # a character that no name can have, or a loop of links
        reason = getattr(error, "strerror", "") or str(error)
    if reason:
        raise ArgumentError(f"{option}: {shortened(str(folder))!r} cannot be a folder: {reason}")
    above = (folder, *folder.absolute().parents)
    nearest = next(path for path in above if path.exists() or path.is_symlink())
    if not nearest.exists():
        raise ArgumentError(f"{option}: {nearest} is a link to nothing; name another")
    if not nearest.is_dir():
        raise ArgumentError(f"{option}: {nearest} is a file; name a folder")
    return nearest
