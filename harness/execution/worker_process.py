"""The parent's end of one worker process."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from pathlib import Path
from typing import Final

from harness.config.run import Run
from harness.execution.executor import ExecutionConfig
from harness.execution.make_run import LOWER_MEMORY, RunEnded
from harness.execution.preparation import HUGE_PAGES
from harness.execution.scheduling import RunInProgress
from harness.execution.worker import ENDING_SIGNALS, Fatal, work
from harness.experiment.progress import RunProgress
from harness.storage import provenance

_OUTPUT_KEPT: Final = 2000
"""Characters of a dead worker's output to keep."""


class WorkerProcess:
    """A worker and the run that it is making.

    Args:
        config: how it makes runs.
        number: of this worker, from 0; with several GPUs, they take turns.

    Attributes:
        run: the present run, None while idle.
        started: when it was handed over (`harness.storage.provenance.now`).
        connection: readable when `receive` has a message.
    """

    def __init__(self, config: ExecutionConfig, number: int) -> None:
        self.run: Run | None = None
        self.started = ""
        self._clock = 0.0
        self._fraction = 0.0
        self._log = tempfile.NamedTemporaryFile()  # noqa: SIM115 - closed by `stop`
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        os.environ.setdefault(*HUGE_PAGES)
        arguments = (theirs, config, number, self._log.name)
        self._process = context.Process(target=work, args=arguments, daemon=True)
        with _signals_later():
            self._process.start()
        theirs.close()

    @property
    def seconds(self) -> float:
        """Wall-clock seconds spent on the present run."""
        return time.perf_counter() - self._clock

    @property
    def in_progress(self) -> RunInProgress | None:
        """The present run and how far it is; None while idle."""
        return RunInProgress(self.run, self.seconds, self._fraction) if self.run else None

    def start(self, run: Run) -> None:
        """Hand over a run; if the worker is dead, `receive` will say so."""
        self.run, self.started, self._clock = run, provenance.now(), time.perf_counter()
        self._fraction = 0.0
        with suppress(BrokenPipeError):
            self.connection.send(run)

    def receive(self) -> RunProgress | RunEnded | Fatal | None:
        """The next message; None if the worker is dead."""
        try:
            message: RunProgress | RunEnded | Fatal = self.connection.recv()
        except (EOFError, OSError):
            return None
        if isinstance(message, RunProgress):
            self._fraction = message.fraction
        return message

    def crash_report(self) -> str:
        """The end of what a dead worker printed, and how it died."""
        self._process.join()
        code = self._process.exitcode or 0
        cause = f"signal {-code}" if code < 0 else f"exit status {code}"
        memory = f", perhaps for want of memory: {LOWER_MEMORY}" if code == -signal.SIGKILL else ""
        printed = Path(self._log.name).read_text(errors="replace")[-_OUTPUT_KEPT:]
        return f"{printed}\nthe worker process died ({cause}{memory})".strip()

    def stop(self) -> None:
        """End the process at once, whatever it is doing."""
        self.connection.close()
        self._process.kill()  # it ignores all other signals, and leaves nothing that is not whole
        self._process.join()
        self._log.close()


@contextmanager
def _signals_later() -> Iterator[None]:
    """Let signals that come in this block, in which a worker starts, come after it.

    They reach the whole process group. The worker inherits that they are blocked, until it ignores
    them; here another thread may take them, so that they are noted, too.
    """
    resource_tracker.ensure_running()  # starting it would unblock them
    came: list[int] = []
    handlers = {
        one: signal.signal(one, lambda number, _: came.append(number)) for one in ENDING_SIGNALS
    }
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for one, handler in handlers.items():
            signal.signal(one, handler)
        for number in came:
            signal.raise_signal(number)
