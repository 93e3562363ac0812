"""Runs in worker processes of this machine; the parent imports neither torch nor avalanche."""

from __future__ import annotations

from multiprocessing.connection import wait
from pathlib import Path

from harness.config.run import Run
from harness.execution.cores import cores
from harness.execution.executor import (
    ExecutionConfig,
    FatalError,
    ProgressListener,
    register_executor,
)
from harness.execution.make_run import RunEnded, record_crash
from harness.execution.reporter import ProgressReporter
from harness.execution.scheduling import Schedule
from harness.execution.worker import Fatal
from harness.execution.worker_process import WorkerProcess
from harness.experiment.progress import RunProgress
from harness.storage import provenance


@register_executor("local")
class LocalExecutor:
    """Keeps some worker processes busy until all runs are made.

    A worker that dies fails only its run and is replaced. Interrupted, it ends the workers, leaves
    nothing unfinished behind and lets the interruption through.

    Args:
        config: how the runs are made; without `config.jobs`, with as many workers as there are
            cores for their threads.
    """

    def __init__(self, config: ExecutionConfig) -> None:
        self._config = config

    def run(self, schedule: Schedule, listener: ProgressListener) -> None:
        """Make the runs that the schedule gives; call it in the main thread.

        Args:
            schedule: gives the runs.
            listener: receives the progress.

        Raises:
            FatalError: the device or the data set is not there.
        """
        pool = _Pool(self._config, schedule, listener)
        try:
            pool.run(number_of_workers(self._config))
        finally:
            pool.stop()


def number_of_workers(config: ExecutionConfig) -> int:
    """How many worker processes there are at most."""
    return config.jobs or max(1, cores() // config.threads)


class _Pool:
    def __init__(
        self, config: ExecutionConfig, schedule: Schedule, listener: ProgressListener
    ) -> None:
        self._config = config
        self._schedule = schedule
        self._workers: dict[int, WorkerProcess] = {}
        self._reporter = ProgressReporter(schedule, listener, self._workers)

    def run(self, size: int) -> None:
        """Keep so many workers busy, at most, until nothing is left to run."""
        while True:
            self._hand_out(size)
            busy = {one.connection: n for n, one in self._workers.items() if one.run}
            if not busy:
                return
            for connection in wait(list(busy)):
                self._receive(busy[connection])  # type: ignore[index]

    def stop(self) -> None:
        """End every worker, and remove what it was writing."""
        for worker in self._workers.values():
            worker.stop()
            if worker.run:
                _remove_unfinished(self._config.results, worker.run)

    def _hand_out(self, size: int) -> None:
        """Give every idle worker a run, and start workers while there are runs for them."""
        for number in range(size):
            worker = self._workers.get(number)
            if worker and worker.run:
                continue
            run = self._schedule.next()
            if run is None:
                return
            if worker is None:
                worker = self._workers[number] = WorkerProcess(self._config, number)
            worker.start(run)
            self._reporter.started(number, run)

    def _receive(self, number: int) -> None:
        worker = self._workers[number]
        run = worker.run
        assert run is not None
        match message := worker.receive():
            case RunProgress():
                self._reporter.progressed(number, run, message)
            case RunEnded(error, seconds):
                worker.run = None
                self._reporter.ended(number, run, error, seconds)
            case Fatal(reason):
                raise FatalError(reason)
            case None:
                self._handle_crash(number, run)
            case _:
                raise TypeError(f"a worker sent {message!r}")

    def _handle_crash(self, number: int, run: Run) -> None:
        """Record the run of a dead worker as failed and put another in its place."""
        worker = self._workers[number]
        error = provenance.without_paths(worker.crash_report())
        error = record_crash(run, self._config, error, worker.started, worker.seconds)
        worker.stop()
        self._workers[number] = WorkerProcess(self._config, number)
        self._reporter.ended(number, run, error, worker.seconds)


def _remove_unfinished(results: Path, run: Run) -> None:
    from harness.storage import run_folder  # import pandas

    run_folder.remove_unfinished(results / run.folder)
