"""What a job of Slurm does: it makes one run. Neither submitit nor torch is imported at the top."""

from __future__ import annotations

import json
import signal
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from harness.config.run import Run
from harness.execution.executor import ExecutionConfig, FatalError
from harness.execution.make_run import RunEnded, make_run
from harness.execution.preparation import prepare
from harness.execution.worker import Fatal
from harness.experiment.progress import RunProgress
from harness.storage.replacing import replacing

_NEWS: Final = 2.0
"""Seconds between two notes of the progress, at least."""


def make_in_job(run: Run, config: ExecutionConfig, notes: Path) -> RunEnded | Fatal | None:
    """Make one run in this process; None if it is another command's by now.

    The claim that the command has on the run passes to this job, which keeps it alive even if the
    command ends. Stopped by Slurm, it ends at once and leaves a checkpoint.

    Args:
        run: which.
        config: how.
        notes: file for the progress, for the command to read.
    """
    from harness.storage import store
    from harness.storage.claims import Claims

    for number in (signal.SIGTERM, signal.SIGUSR2):  # cancelled, or the time is nearly up
        signal.signal(number, _end)
    with Claims(config.results, config.owner) as claims:
        if not claims.acquire(run) or store.status(config.results, run) == "finished":
            return None
        try:
            return make_run(run, config, prepare(config, 0), _Notes(notes).write)
        except FatalError as error:
            return Fatal(str(error))


def read_progress(notes: Path) -> RunProgress | None:
    """What a job has last noted; None if nothing yet."""
    try:
        return RunProgress(**json.loads(notes.read_text()))
    except (OSError, ValueError, TypeError):
        return None


class _Notes:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = 0.0

    def write(self, progress: RunProgress) -> None:
        now = time.monotonic()
        if now - self._written >= _NEWS:
            self._written = now
            # want of news must not end the run
            with suppress(OSError), replacing(self._path) as unfinished:
                unfinished.write_text(json.dumps(asdict(progress)))


def _end(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)  # no failure of the run, as an `Exception` would be
