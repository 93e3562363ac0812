"""Files that are files: a pipe in a run's folder would be waited for, for ever."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

_MOST: Final = 2**28
"""Bytes; a run of fifty tasks has a hundred thousand."""


def read_regular(path: Path) -> bytes:
    """The content of a small file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no regular file, or too large for what it should hold.
    """
    # without O_NONBLOCK, opening a pipe that nobody writes to never ends
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("it is no regular file")
        if found.st_size > _MOST:
            raise ValueError(f"it has {found.st_size:,} bytes")
        return file.read()


def check_regular(path: Path) -> None:
    """Refuse what is there but no file that can be read from any place.

    Raises:
        OSError: there is nothing.
        ValueError: it is a folder, a pipe or a device.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError("it is no regular file")
