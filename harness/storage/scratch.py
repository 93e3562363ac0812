"""Folders for the time of a block, which others delete if the process is killed in it.

<prefix><random>/owner.json   the process, as JSON; everything else is the block's own
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from glob import escape
from pathlib import Path
from typing import Final

from harness.storage.liveness import ProcessIdentity, has_ended, this_process
from harness.storage.regular_files import read_regular

_OWNER: Final = "owner.json"


@contextmanager
def scratch_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A folder of its own, for this user alone; it is gone after the block.

    Args:
        parent: where to make it.
        prefix: its name begins so.

    Raises:
        OSError: it cannot be made.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        (folder / _OWNER).write_text(json.dumps(asdict(this_process())))
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(parent: Path, prefix: str) -> None:
    """Delete the scratch folders of processes of this host that have ended.

    Args:
        parent: where they are.
        prefix: their names begin so.
    """
    for folder in parent.glob(f"{escape(prefix)}*"):
        if _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)  # it may be another user's


def _is_abandoned(folder: Path) -> bool:
    try:
        owner = ProcessIdentity(**json.loads(read_regular(folder / _OWNER)))
        return has_ended(owner) is True
    except (OSError, ValueError, TypeError, OverflowError):  # it is being made, or foreign
        return False
