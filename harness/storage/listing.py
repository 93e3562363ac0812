"""Folders as the user may list them: what is hidden must not count as not being there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

LEVELS_OF_PROFILE: Final = 1
LEVELS: Final = 2 + LEVELS_OF_PROFILE
"""From the folder of a profile, and from that of all results, down to those of methods."""


def subfolders(folder: Path, levels: int = 1) -> Iterator[Path]:
    """The visible folders so many levels below a folder, in order, but for those in `unlisted`.

    Args:
        folder: where to begin.
        levels: how far down they are.
    """
    for inner in _visible(folder, lambda entry: entry.is_dir()):
        if levels > 1:
            yield from subfolders(inner, levels - 1)
        else:
            yield inner


def files(folder: Path, suffix: str) -> list[Path]:
    """The visible files in a folder whose names end so, in order; none in one of `unlisted`."""
    return _visible(folder, lambda entry: entry.name.endswith(suffix) and entry.is_file())


def _visible(folder: Path, wanted: Callable[[os.DirEntry[str]], bool]) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            found = [entry.name for entry in entries if wanted(entry)]
    except OSError:
        return []
    return [folder / name for name in sorted(found) if not name.startswith(".")]


def unlisted(folder: Path, levels: int) -> dict[Path, str]:
    """The folders that cannot be listed, with the reason; none where there is no folder.

    Args:
        folder: where to begin.
        levels: how far down to look; 0 for the folder alone.
    """
    try:
        with os.scandir(folder):
            pass
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        return {folder: f"{type(error).__name__}: {error.strerror}"}
    inside = subfolders(folder) if levels else ()
    return {path: why for one in inside for path, why in unlisted(one, levels - 1).items()}


def is_there(path: Path) -> bool:
    """Whether there is something, as far as can be known: also what may not be looked at."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # it may not be looked at
        pass
    return True
