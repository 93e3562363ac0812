"""Runs in worker processes of this machine; the parent imports neither torch nor avalanche."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from multiprocessing.connection import wait
from pathlib import Path

from harness.config.run import Run
from harness.execution.executor import (
    ExecutionConfig,
    FatalError,
    ProgressListener,
    register_executor,
)
from harness.execution.make_run import RunEnded, record_failure
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
        config: how the runs are made; at most `config.jobs` workers.
    """

    def __init__(self, config: ExecutionConfig) -> None:
        self._config = config

    def run(self, runs: Sequence[Run], listener: ProgressListener) -> None:
        """Make all runs; call it from the main thread.

        Args:
            runs: what to make, each at most once.
            listener: receives the progress.

        Raises:
            FatalError: the device or the data set is not there.
        """
        pool = _Pool(self._config, Schedule(runs), listener)
        try:
            pool.run(min(self._config.jobs, len(runs)))
        finally:
            pool.stop()
            _remove_unfinished(self._config.results, pool.pids)


class _Pool:
    def __init__(
        self, config: ExecutionConfig, schedule: Schedule, listener: ProgressListener
    ) -> None:
        self._config = config
        self._schedule = schedule
        self._listener = listener
        self._workers: list[WorkerProcess] = []
        self.pids: set[int] = set()

    def run(self, size: int) -> None:
        """Start the workers and keep them busy until nothing is left to run."""
        for number in range(size):
            self._workers.append(self._spawn(number))
        while True:
            for number, worker in enumerate(self._workers):
                if worker.run is None and self._schedule:
                    self._start(number, self._schedule.next())
            busy = {one.connection: n for n, one in enumerate(self._workers) if one.run}
            if not busy:
                return
            for connection in wait(list(busy)):
                self._receive(busy[connection])  # type: ignore[index]

    def stop(self) -> None:
        for worker in self._workers:
            worker.stop()

    def _spawn(self, number: int) -> WorkerProcess:
        worker = WorkerProcess(self._config, number)
        self.pids.add(worker.pid)
        return worker

    def _start(self, number: int, run: Run) -> None:
        self._workers[number].start(run)
        self._listener.started(number, run)

    def _receive(self, number: int) -> None:
        worker = self._workers[number]
        run = worker.run
        assert run is not None
        match message := worker.receive():
            case RunProgress():
                self._listener.progressed(number, run, message, self._remaining())
            case RunEnded(error, seconds):
                worker.run = None
                self._ended(number, run, error, seconds)
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
        circumstances = {
            **self._config.origin,
            **provenance.machine(self._config.device, "", self._config.threads),
            "started": worker.started,
            "seconds": round(worker.seconds, 3),
        }
        record_failure(run, self._config, error, circumstances)
        worker.stop()
        self._workers[number] = self._spawn(number)
        self._ended(number, run, error, worker.seconds)

    def _ended(self, number: int, run: Run, error: str, seconds: float) -> None:
        if not error:
            self._schedule.measured(run, seconds)
        self._listener.ended(number, run, error, seconds, self._remaining())

    def _remaining(self) -> float | None:
        in_progress = [worker.in_progress for worker in self._workers]
        return self._schedule.remaining(filter(None, in_progress), len(self._workers))


def _remove_unfinished(results: Path, writers: Collection[int]) -> None:
    from harness.storage import run_folder  # imports pandas

    run_folder.remove_unfinished(results, writers)
