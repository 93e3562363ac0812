"""One writer at a time under a results folder, among all processes of all commands."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

LOCK: Final = ".lock"


@contextmanager
def locked(results: Path) -> Iterator[None]:
    """Wait until no other thread or process holds the folder, then hold it; it is not reentrant.

    On a file system without locks nothing is waited for: two commands that write the same run or
    the same packed file at the same instant are then not kept apart.
    """
    results.mkdir(parents=True, exist_ok=True)
    with (results / LOCK).open("w") as lock:
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
