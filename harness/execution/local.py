"""Runs in worker processes; the parent imports neither torch nor avalanche."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import Protocol

from harness.config.run import Run
from harness.execution.scheduling import Schedule
from harness.execution.worker import Done, Order, Refused, record_failure
from harness.execution.worker_process import WorkerProcess
from harness.experiment.progress import Position
from harness.storage import provenance


class Watcher(Protocol):
    """Is told how the runs go; workers are numbered from 0.

    `remaining` is an estimate of the seconds until all runs have ended; None if there is none yet.
    """

    def started(self, worker: int, run: Run) -> None:
        """A worker begins a run."""

    def progressed(
        self, worker: int, run: Run, position: Position, remaining: float | None
    ) -> None:
        """A worker has got further."""

    def ended(
        self, worker: int, run: Run, error: str, seconds: float, remaining: float | None
    ) -> None:
        """A run has finished, or failed with an error."""


class RefusedError(Exception):
    """No run can be made as ordered; the message says what to type instead."""


def cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def execute(runs: Sequence[Run], order: Order, jobs: int, watcher: Watcher) -> None:
    """Make the runs and store each as finished or failed; call it from the main thread.

    A worker that dies fails only its run and is replaced. Interrupted, it ends the workers, leaves
    nothing unfinished behind and lets the interruption through.

    Args:
        runs: what to run, each at most once.
        order: where results go and what with.
        jobs: at most this many worker processes.
        watcher: is told how it goes.

    Raises:
        RefusedError: the device is not there.
    """
    pool = _Pool(order, Schedule(runs), watcher)
    try:
        pool.drive(min(jobs, len(runs)))
    finally:
        pool.stop()
        _remove_unfinished(order.results, pool.pids)


class _Pool:
    def __init__(self, order: Order, schedule: Schedule, watcher: Watcher) -> None:
        self._order = order
        self._schedule = schedule
        self._watcher = watcher
        self._workers: list[WorkerProcess] = []
        self.pids: set[int] = set()

    def drive(self, size: int) -> None:
        """Start the workers and keep them busy until nothing is left to run."""
        for number in range(size):
            self._workers.append(self._hire(number))
        while True:
            for number, worker in enumerate(self._workers):
                if worker.run is None and self._schedule:
                    self._start(number, self._schedule.next())
            busy = {one.connection: n for n, one in enumerate(self._workers) if one.run}
            if not busy:
                return
            for connection in wait(list(busy)):
                self._hear(busy[connection])  # type: ignore[index]

    def stop(self) -> None:
        for worker in self._workers:
            worker.stop()

    def _hire(self, number: int) -> WorkerProcess:
        worker = WorkerProcess(self._order, number)
        self.pids.add(worker.pid)
        return worker

    def _start(self, number: int, run: Run) -> None:
        self._workers[number].start(run)
        self._watcher.started(number, run)

    def _hear(self, number: int) -> None:
        worker = self._workers[number]
        run = worker.run
        assert run is not None
        match message := worker.hear():
            case Position():
                self._watcher.progressed(number, run, message, self._remaining())
            case Done(error, seconds):
                worker.run = None
                self._ended(number, run, error, seconds)
            case Refused(reason):
                raise RefusedError(reason)
            case None:
                self._bury(number, run)
            case _:
                raise TypeError(f"a worker sent {message!r}")

    def _bury(self, number: int, run: Run) -> None:
        """Record the run of a dead worker as failed and put another in its place."""
        worker = self._workers[number]
        error = provenance.without_paths(worker.last_words())
        circumstances = {
            **self._order.origin,
            **provenance.machine(self._order.device, "", self._order.threads),
            "started": worker.started,
            "seconds": round(worker.seconds, 3),
        }
        record_failure(self._order, run, error, circumstances)
        worker.stop()
        self._workers[number] = self._hire(number)
        self._ended(number, run, error, worker.seconds)

    def _ended(self, number: int, run: Run, error: str, seconds: float) -> None:
        if not error:
            self._schedule.measured(run, seconds)
        self._watcher.ended(number, run, error, seconds, self._remaining())

    def _remaining(self) -> float | None:
        under_way = [worker.under_way for worker in self._workers]
        return self._schedule.remaining(filter(None, under_way), len(self._workers))


def _remove_unfinished(results: Path, writers: Collection[int]) -> None:
    from harness.storage import store  # imports pandas

    store.remove_unfinished(results, writers)
