"""Where a command keeps what its jobs are to do and what they print, and what killed ones left.

results/.slurm/<owner>/   of one command, for as long as it runs
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

_FOLDER: Final = ".slurm"


def of_command(results: Path, owner: str) -> Path:
    """The folder of a command; it is made by whoever writes to it.

    Args:
        results: folder of all results.
        owner: random name of the command.
    """
    return results / _FOLDER / owner


def remove(folder: Path) -> None:
    """Delete the folder of a command that has ended with its jobs."""
    from harness.storage.run_folder import remove_empty  # imports pandas, and --help must not

    shutil.rmtree(folder, ignore_errors=True)
    remove_empty(folder.parent)


def sweep(results: Path) -> None:
    """Delete the folders of commands that are dead, unless one of their jobs still makes a run.

    Whatever is alive has a claim on a run, and its folder is used for runs that are claimed only.

    Args:
        results: folder of all results.

    Raises:
        OSError: the results folder cannot be written.
    """
    from harness.storage.claims import owners
    from harness.storage.lock import locked

    left = list((results / _FOLDER).glob("*"))
    if not left:
        return
    with locked(results):  # nothing is claimed meanwhile
        alive = owners(results)
        for folder in left if "" not in alive else ():
            if folder.name not in alive:
                remove(folder)
