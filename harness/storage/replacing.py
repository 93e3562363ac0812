"""Files and folders that are written whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Where to write a file or folder that takes another's place when the block has ended well.

    Args:
        path: what to replace, if it is there; its folder is.

    Yields:
        A hidden path beside it, with nothing there; it is gone after the block.

    Raises:
        OSError: it cannot be put in place.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    _remove(unfinished)
    try:
        yield unfinished
        if unfinished.is_dir() or path.is_dir():
            _remove(path)  # a folder replaces no file, nor a file a folder
        unfinished.replace(path)
    finally:
        _remove(unfinished)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
