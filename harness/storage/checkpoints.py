"""Checkpoints of unfinished runs on disk: where they are, what they are of, whether they fit.

results/<benchmark>/<profile>/<baseline>/.checkpoint-<run id>/checkpoint.json  what it is of
                                                              state-<task>.pt  the state itself

The state is written first and the JSON file replaced last, so that a checkpoint is whole or it is
the one before. Nothing here imports torch: a plan shows how far unfinished runs are.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

from harness.config.run import Run
from harness.storage.replacing import replacing

HEADER: Final = "checkpoint.json"
_PREFIX: Final = ".checkpoint-"
_LIBRARIES: Final = ("torch", "avalanche-lib", "numpy")
_SOURCES: Final = (
    "rmn",
    "baselines",
    "harness/config",
    "harness/data",
    "harness/training",
    "harness/evaluation",
    "harness/experiment",
)
"""Folders of the code that decides a run's numbers."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint is of.

    Attributes:
        run: id of the run.
        done: tasks that are trained and measured.
        tasks: tasks of the whole run.
        code: digest of the code and the libraries that made it (`code_digest`).
        state: name of the file of the state.
        sha256: of that file.
    """

    run: str
    done: int
    tasks: int
    code: str
    state: str
    sha256: str


def folder(results: Path, run: Run) -> Path:
    """Where a run's checkpoint is, or will be: beside the run's own folder."""
    return (results / run.folder).with_name(f"{_PREFIX}{run.id}")


def read(path: Path) -> Checkpoint | None:
    """The checkpoint in a folder; None if there is none, or only damaged pieces of one."""
    try:
        content = json.loads((path / HEADER).read_text())
        if set(content) != {field.name for field in fields(Checkpoint)}:
            return None
        found = Checkpoint(**content)
        whole = hashlib.sha256((path / found.state).read_bytes()).hexdigest() == found.sha256
    except (OSError, ValueError, TypeError):
        return None
    return found if whole else None


def write(path: Path, run: Run, done: int, tasks: int, save: Callable[[Path], None]) -> None:
    """Replace the checkpoint in a folder, whole or not at all.

    Args:
        path: the folder; made if it is not there.
        run: the run.
        done: tasks that are trained and measured.
        tasks: tasks of the whole run.
        save: writes the state to a file.
    """
    path.mkdir(parents=True, exist_ok=True)
    state = path / f"state-{done}.pt"
    save(state)
    digest = hashlib.sha256(state.read_bytes()).hexdigest()
    header = Checkpoint(run.id, done, tasks, code_digest(), state.name, digest)
    with replacing(path / HEADER) as unfinished:
        unfinished.write_text(json.dumps(asdict(header), indent=2) + "\n")
    for older in path.glob("state-*.pt"):
        if older != state:
            older.unlink()


def discard(path: Path) -> None:
    """Delete the checkpoint in a folder, if there is one."""
    shutil.rmtree(path, ignore_errors=True)


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Sixteen hexadecimal digits that differ when the code that decides numbers differs."""
    root = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for name in _LIBRARIES:
        digest.update(f"{name} {version(name)}\n".encode())
    for source in _SOURCES:
        for file in sorted((root / source).rglob("*.py")):
            digest.update(f"{file.relative_to(root)}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
