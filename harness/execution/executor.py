"""What an executor is: it makes runs somewhere and reports progress. No torch here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from harness.config.discovery import import_modules
from harness.config.run import Run
from harness.experiment.progress import RunProgress


class FatalError(Exception):
    """No run can be made as configured; the message says what to type instead."""


@dataclass(frozen=True, slots=True)
class ExecutionConfig:
    """How the runs of one command are made; no part of any run's identity.

    Attributes:
        results: folder of all results.
        data: folder of the data sets; None for the packaged ones.
        device: "auto", "cpu" or "cuda".
        origin: provenance that all runs share (`harness.storage.provenance.origin`).
        jobs: at most this many runs at the same time.
        threads: of each run. With one, numbers are the same whatever the number of cores.
    """

    results: Path
    data: Path | None
    device: str
    origin: Mapping[str, Any]
    jobs: int = 1
    threads: int = 1


class ProgressListener(Protocol):
    """Receives the progress of runs; workers are numbered from 0.

    `remaining` is an estimate of the seconds until all runs have ended; None if there is none yet.
    """

    def started(self, worker: int, run: Run) -> None:
        """A worker has begun a run.

        Args:
            worker: number of the worker.
            run: which run.
        """

    def progressed(
        self, worker: int, run: Run, progress: RunProgress, remaining: float | None
    ) -> None:
        """A run has got further.

        Args:
            worker: number of the worker.
            run: which run.
            progress: how far it is.
            remaining: seconds, see above.
        """

    def ended(
        self, worker: int, run: Run, error: str, seconds: float, remaining: float | None
    ) -> None:
        """A run has ended and is stored.

        Args:
            worker: number of the worker.
            run: which run.
            error: why it failed; "" if it finished.
            seconds: wall-clock seconds that it took.
            remaining: seconds, see above.
        """


class Executor(Protocol):
    """Makes runs (`harness.execution.make_run`) and stores each as finished or failed."""

    def run(self, runs: Sequence[Run], listener: ProgressListener) -> None:
        """Make all runs; call it from the main thread.

        Args:
            runs: what to make, each at most once.
            listener: receives the progress.

        Raises:
            FatalError: no run can be made as configured.
            KeyboardInterrupt: after the workers have ended; nothing unfinished is left behind.
        """


ExecutorFactory = Callable[[ExecutionConfig], Executor]

_EXECUTORS: dict[str, ExecutorFactory] = {}


def register_executor(name: str) -> Callable[[ExecutorFactory], ExecutorFactory]:
    """Decorator that makes an executor known by name.

    Raises:
        ValueError: the name is taken.
    """

    def registered(factory: ExecutorFactory) -> ExecutorFactory:
        if name in _EXECUTORS:
            raise ValueError(f"two executors are named {name!r}")
        _EXECUTORS[name] = factory
        return factory

    return registered


def executors() -> dict[str, ExecutorFactory]:
    """Makers of executors by the name that --executor takes, in alphabetical order."""
    import_modules("harness.execution")
    return dict(sorted(_EXECUTORS.items()))
