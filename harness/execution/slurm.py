"""Runs as jobs of Slurm, submitted through submitit; the results folder is on a shared disk."""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from harness.config.run import Run
from harness.execution import slurm_folders
from harness.execution.executor import (
    ExecutionConfig,
    ExecutorOption,
    FatalError,
    ProgressListener,
    register_executor,
)
from harness.execution.make_run import RunEnded, record_crash
from harness.execution.preparation import process_variables
from harness.execution.reporter import ProgressReporter
from harness.execution.retries import Retries
from harness.execution.scheduling import RunInProgress, Schedule
from harness.execution.slurm_job import make_in_job, read_progress
from harness.execution.worker import Fatal
from harness.storage import provenance

_QUEUED: Final = 500
"""Jobs at the same time without --jobs; Slurm takes arrays of up to 1,001 as it is installed."""
_TIME: Final = 24 * 60
"""Minutes that a job may take."""
_POLL: Final = 2.0
"""Seconds between two looks at the jobs."""
_ASK: Final = 30.0
"""Seconds between two questions to Slurm; a shared disk may show a result as late as that."""
_PATIENCE: Final = 60.0
"""Seconds to wait for cancelled jobs to end."""
_OUTPUT_KEPT: Final = 2000
"""Characters of a dead job's messages to keep."""


def minutes(text: str) -> int:
    """The minutes that a time in one of Slurm's forms stands for, rounded up.

    Args:
        text: minutes, M:S, H:M:S, D-H, D-H:M or D-H:M:S.

    Raises:
        argparse.ArgumentTypeError: it is none, or less than a minute.
    """
    found = re.fullmatch(r"(?:(\d{1,4})-)?(\d{1,6})(?::(\d{1,2}))?(?::(\d{1,2}))?", text)
    seconds = 0
    if found:
        days, *rest = (int(part) if part is not None else None for part in found.groups())
        given = [part for part in rest if part is not None]
        units = (3600, 60, 1) if days is not None or len(given) == 3 else (60, 1)
        seconds = (days or 0) * 86_400
        seconds += sum(unit * part for unit, part in zip(units, given, strict=False))
    if seconds < 60:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time of Slurm's from a minute up; write 90 for minutes, 12:00:00 or "
            "1-12:00:00"
        )
    return -(-seconds // 60)


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not re.fullmatch(r"[a-z][a-z-]*", name) or not (equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE; write account=vision")
    return name, value


@register_executor(
    "slurm",
    ExecutorOption("--slurm-partition", "P", "of the jobs (default: the cluster's own)"),
    ExecutorOption(
        "--slurm-time",
        "T",
        "that a job may take: minutes, H:M:S or D-H:M:S (default: a day); a run that takes longer "
        "goes on in another job",
        minutes,
    ),
    ExecutorOption(
        "--slurm-option",
        "NAME=VALUE",
        "any other option of sbatch, such as account=vision or mem=8G; may be repeated",
        _parameter,
        repeated=True,
    ),
)
class SlurmExecutor:
    """Makes each run in a job of its own, with the CPUs of its threads; with "cuda" on one GPU.

    At most `config.jobs` jobs are in the queue at the same time. A job that ends without a result,
    because its time was up, it was preempted or its node was lost, is submitted again.

    Args:
        config: how the runs are made.
        slurm_partition: of the jobs.
        slurm_time: minutes that each may take.
        slurm_option: names and values of other options of sbatch.
        cluster: "slurm"; "local" for processes of this machine instead of jobs.

    Raises:
        FatalError: submitit is not installed, or there is no Slurm.
    """

    def __init__(
        self,
        config: ExecutionConfig,
        slurm_partition: str | None = None,
        slurm_time: int = _TIME,
        slurm_option: Sequence[tuple[str, str]] = (),
        cluster: str = "slurm",
    ) -> None:
        if find_spec("submitit") is None:
            raise FatalError("submitit is not installed; type pip install '.[cluster]'")
        if cluster == "slurm" and shutil.which("srun") is None:
            raise FatalError("this machine has no srun; type the command on a login node of Slurm")
        self._config = config.with_absolute_folders()
        self._partition = slurm_partition
        self._time = slurm_time
        self._options = dict(slurm_option)
        self._cluster = cluster

    def run(self, schedule: Schedule, listener: ProgressListener) -> None:
        """Make the runs that the schedule gives; call it in the main thread.

        Args:
            schedule: gives the runs.
            listener: receives the progress.

        Raises:
            FatalError: Slurm refuses the jobs, or a node cannot make runs as configured.
        """
        slurm_folders.sweep(self._config.results)
        folder = slurm_folders.of_command(self._config.results, self._config.owner)
        asks = _ASK if self._cluster == "slurm" else 0.0
        queue = _Queue(self._config, self._submitter(folder), folder, schedule, listener, asks)
        try:
            queue.run()
        finally:
            queue.stop()
            slurm_folders.remove(folder)

    def _submitter(self, folder: Path) -> Any:
        import submitit

        python = shlex.join(
            ["env", *(f"{k}={v}" for k, v in process_variables(self._config.threads).items())]
        )
        python += f" {shlex.quote(sys.executable)}"
        submitter = submitit.AutoExecutor(
            folder, cluster=self._cluster, slurm_python=python, local_python=python
        )
        submitter.update_parameters(
            name="rmn-harness",
            timeout_min=self._time,
            cpus_per_task=self._config.threads,
            gpus_per_node=1 if self._config.device == "cuda" else None,
            slurm_partition=self._partition,
            slurm_additional_parameters=self._options,
        )
        return submitter


class _Job:
    """A job, and the run that it makes.

    Args:
        run: which.
        job: submitit's handle of it.
        notes: file of its progress.

    Attributes:
        started: when it was submitted (`harness.storage.provenance.now`).
        progress: how far the run is; None while the job waits in the queue.
    """

    def __init__(self, run: Run, job: Any, notes: Path) -> None:
        self.run = run
        self.job = job
        self.notes = notes
        self.started = provenance.now()
        self.progress = read_progress(notes)
        self._clock: float | None = None

    @property
    def seconds(self) -> float:
        """Wall-clock seconds since the run began."""
        return time.perf_counter() - self._clock if self._clock is not None else 0.0

    @property
    def in_progress(self) -> RunInProgress:
        """How far the run is."""
        fraction = self.progress.fraction if self.progress else 0.0
        return RunInProgress(self.run, self.seconds, fraction)

    @property
    def has_result(self) -> bool:
        """Whether the job has left one."""
        return bool(self.job.paths.result_pickle.exists())

    def has_news(self) -> bool:
        """Look at the progress; whether it is another one."""
        before, self.progress = self.progress, read_progress(self.notes)
        if self._clock is None and self.progress:
            self._clock = time.perf_counter()
        return self.progress != before


class _Queue:
    """The jobs in Slurm's queue; each has a number, which is free again when it ends."""

    def __init__(
        self,
        config: ExecutionConfig,
        submitter: Any,
        folder: Path,
        schedule: Schedule,
        listener: ProgressListener,
        asks: float,
    ) -> None:
        self._config = config
        self._submitter = submitter
        self._folder = folder
        self._schedule = schedule
        self._retries = Retries(config.results)
        self._jobs: dict[int, _Job] = {}
        self._reporter = ProgressReporter(schedule, listener, self._jobs)
        self._asks = asks
        self._asked = time.monotonic()
        self._missed: set[int] = set()

    def run(self) -> None:
        """Keep as many jobs in the queue as may be until nothing is left to run."""
        while True:
            self._submit()
            if not self._jobs:
                return
            time.sleep(_POLL)
            lost = self._lost()
            for number, job in list(self._jobs.items()):
                if job.has_news() and job.progress:
                    self._reporter.progressed(number, job.run, job.progress)
                if job.has_result:
                    self._receive(number)
                elif number in lost:
                    self._lose(number)

    def stop(self) -> None:
        """Cancel every job, and wait for them to end."""
        for job in self._jobs.values():
            job.job.cancel(check=False)
        latest = time.monotonic() + _PATIENCE
        while self._alive() and time.monotonic() < latest:
            time.sleep(_POLL)

    def _submit(self) -> None:
        """Fill the queue, with one array of jobs."""
        free = [n for n in range(self._config.jobs or _QUEUED) if n not in self._jobs]
        chosen: list[tuple[int, Run]] = []
        for number in free:
            run = self._schedule.next()
            if run is None:
                break
            chosen.append((number, run))
        if not chosen:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        notes = [self._folder / f"{run.id}.progress" for _, run in chosen]
        try:
            with self._submitter.batch():
                jobs = [
                    self._submitter.submit(make_in_job, run, self._config, note)
                    for (_, run), note in zip(chosen, notes, strict=True)
                ]
        except Exception as error:  # submitit raises many kinds, with what sbatch said
            raise FatalError(f"Slurm takes no jobs: {error}") from error
        for (number, run), job, note in zip(chosen, jobs, notes, strict=True):
            self._jobs[number] = _Job(run, job, note)
            self._reporter.started(number, run)

    def _alive(self) -> set[int] | None:
        """The jobs that wait or run; None if Slurm does not answer."""
        if not self._asks:
            return {number for number, job in self._jobs.items() if not job.job.done()}
        queued = _queued()
        if queued is None:
            return None
        return {number for number, job in self._jobs.items() if job.job.job_id in queued}

    def _lost(self) -> set[int]:
        """The jobs that have been gone for two looks, time enough for a result to appear."""
        if time.monotonic() - self._asked < self._asks:
            return set()
        self._asked = time.monotonic()
        alive = self._alive()
        if alive is None:
            return set()
        before, self._missed = self._missed, self._jobs.keys() - alive
        return before & self._missed

    def _lose(self, number: int) -> None:
        """Submit the run of a job that has ended without a result again."""
        job = self._remove(number)
        if self._retries.allow(job.run):
            self._schedule.put_back(job.run)
        else:
            self._fail(number, job, f"{job.job.stderr() or ''}\nthe job ended without a result")

    def _remove(self, number: int) -> _Job:
        self._missed.discard(number)
        return self._jobs.pop(number)

    def _receive(self, number: int) -> None:
        """Take the result of a job that has ended."""
        from submitit.core.utils import FailedJobError

        job = self._remove(number)
        try:
            message = job.job.result()
        except FailedJobError as failure:  # a mistake of ours
            self._fail(number, job, str(failure))
        else:
            match message:
                case RunEnded(error, seconds):
                    self._reporter.ended(number, job.run, error, seconds)
                case Fatal(reason):
                    raise FatalError(reason)
                case None:
                    taken = "another command has taken it over"
                    self._reporter.ended(number, job.run, taken, job.seconds)

    def _fail(self, number: int, job: _Job, error: str) -> None:
        reason = provenance.without_paths(error[-_OUTPUT_KEPT:])
        reason = record_crash(job.run, self._config, reason, job.started, job.seconds)
        self._reporter.ended(number, job.run, reason, job.seconds)


def _queued() -> set[str] | None:
    """Ids of this user's jobs that wait or run; None if Slurm does not answer.

    Slurm's accounting, which submitit would ask, is not kept on every cluster.
    """
    command = ["squeue", "--me", "--noheader", "--array", "--format=%i"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return set(answer.stdout.split())
