"""Telling a listener how the runs of an executor's workers go; the same for every executor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from harness.config.run import Run
from harness.execution.executor import ProgressListener
from harness.execution.scheduling import RunInProgress, Schedule
from harness.experiment.progress import RunProgress


class Worker(Protocol):
    """Whatever makes one run at a time."""

    @property
    def in_progress(self) -> RunInProgress | None:
        """The present run and how far it is; None while idle."""


class ProgressReporter:
    """Tells a listener how the runs go, each time with the seconds that are left.

    Args:
        schedule: gives the runs, and learns what they take.
        listener: receives the progress.
        workers: present ones, by the numbers that the listener knows them by.
    """

    def __init__(
        self, schedule: Schedule, listener: ProgressListener, workers: Mapping[int, Worker]
    ) -> None:
        self._schedule = schedule
        self._listener = listener
        self._workers = workers

    def started(self, number: int, run: Run) -> None:
        """A worker has begun a run.

        Args:
            number: of the worker.
            run: which run.
        """
        self._listener.started(number, run, self._remaining())

    def progressed(self, number: int, run: Run, progress: RunProgress) -> None:
        """A run has got further.

        Args:
            number: of the worker.
            run: which run.
            progress: how far it is.
        """
        self._listener.progressed(number, run, progress, self._remaining())

    def ended(self, number: int, run: Run, error: str, seconds: float) -> None:
        """A run has ended; its worker has it no longer.

        Args:
            number: of the worker.
            run: which run.
            error: why it failed; "" if it finished.
            seconds: wall-clock seconds that it took.
        """
        if not error:
            self._schedule.measured(run, seconds)
        self._listener.ended(number, run, error, seconds, self._remaining())

    def _remaining(self) -> float | None:
        going = (worker.in_progress for worker in self._workers.values())
        return self._schedule.remaining(filter(None, going), max(1, len(self._workers)))
