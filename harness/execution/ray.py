"""Runs on the nodes of a Ray cluster, or on this machine by way of Ray.

This process, the driver, hands the runs out and stores them. Where a node sees the results folder,
the checkpoints are there too, and what a lost node has begun goes on elsewhere.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from harness.config.run import Run
from harness.execution.executor import (
    ExecutionConfig,
    ExecutorOption,
    FatalError,
    ProgressListener,
    register_executor,
)
from harness.execution.make_run import keep, record_crash
from harness.execution.preparation import process_variables
from harness.execution.ray_worker import MadeRun, Mailbox, News, RayWorker
from harness.execution.reporter import ProgressReporter
from harness.execution.retries import Retries
from harness.execution.scheduling import RunInProgress, Schedule
from harness.execution.worker import Fatal
from harness.storage import checkpoints, provenance
from harness.storage.scratch import scratch_folder, sweep

_GPUS_PER_RUN: Final = 0.25
"""Of a GPU; networks of this size leave most of one idle."""
_POLL: Final = 0.5
"""Seconds between two looks at the news."""
_PATIENCE: Final = 10.0
"""Seconds to wait for an answer of the head node."""
_FAILED_STARTS: Final = 4
"""So many workers in a row that do not start are no coincidence."""
_PROBE: Final = ".probe-"
"""Begins the name of a folder among the results that shows which nodes see them."""


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not (0 <= value <= 1 or value in range(2, 9)):
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a fraction of one GPU nor a whole number of them; write 0.25"
        )
    return value


@register_executor(
    "ray",
    ExecutorOption(
        "--address",
        "A",
        "of the cluster's head node, such as 10.0.0.1:6379, or auto on one of its nodes (default: "
        "$RAY_ADDRESS, else a cluster of this machine alone)",
    ),
    ExecutorOption(
        "--gpus-per-run",
        "F",
        f"GPUs that a run may use, a fraction if several share one (default: {_GPUS_PER_RUN}, "
        "without any GPU and with --device cpu 0)",
        _fraction,
    ),
)
class RayExecutor:
    """Makes the runs in actors, each with the CPUs of its threads and a fraction of a GPU.

    Without `config.jobs` there are as many as the cluster has room for at the time, so that nodes
    may join; with it, as many are asked for, which an autoscaler makes room for. A run whose worker
    is lost is tried again on another one.

    Args:
        config: how the runs are made.
        address: of the cluster; None for $RAY_ADDRESS or one of this machine alone.
        gpus_per_run: of each run; None for the default.

    Raises:
        FatalError: Ray is not installed.
    """

    def __init__(
        self,
        config: ExecutionConfig,
        address: str | None = None,
        gpus_per_run: float | None = None,
    ) -> None:
        if find_spec("ray") is None:
            raise FatalError("Ray is not installed; type pip install '.[cluster]'")
        self._config = config.with_absolute_folders()
        self._address = address
        self._gpus_per_run = gpus_per_run

    def run(self, schedule: Schedule, listener: ProgressListener) -> None:
        """Make the runs that the schedule gives; call it in the main thread.

        Args:
            schedule: gives the runs.
            listener: receives the progress.

        Raises:
            FatalError: the cluster cannot be reached, has no room for a single run, or a node
                cannot make runs as configured.
        """
        with (
            Path(os.devnull).open("w") as nowhere,
            redirect_stdout(nowhere),  # Ray prints there what it hears of lost nodes, at length
            _connection(self._address),
            _probe(self._config.results) as probe,
        ):
            gpus = self._gpus()
            config = replace(self._config, device="cpu") if gpus == 0 else self._config
            pool = _Pool(config, gpus, schedule, listener, probe)
            try:
                pool.run()
            finally:
                pool.stop()

    def _gpus(self) -> float:
        import ray

        if self._config.device == "cpu":
            return 0.0
        if self._gpus_per_run is not None:
            return self._gpus_per_run
        there = self._config.device == "cuda" or ray.cluster_resources().get("GPU", 0) > 0
        return _GPUS_PER_RUN if there else 0.0


class _Worker:
    """The driver's end of one actor, and the run that it is making.

    Args:
        actor: handle of the `RayWorker`.
        ref: what the actor is doing: at first, preparing.

    Attributes:
        ready: whether it can make runs.
        run: the present run, None while idle or preparing.
        started: when that was handed over (`harness.storage.provenance.now`).
        fraction: of the run's epochs that are trained.
    """

    def __init__(self, actor: Any, ref: Any) -> None:
        self.actor = actor
        self.ref: Any | None = ref
        self.ready = False
        self.run: Run | None = None
        self.started = ""
        self.fraction = 0.0
        self._clock = 0.0

    @property
    def seconds(self) -> float:
        """Wall-clock seconds spent on the present run."""
        return time.perf_counter() - self._clock

    @property
    def in_progress(self) -> RunInProgress | None:
        """The present run and how far it is; None while idle."""
        return RunInProgress(self.run, self.seconds, self.fraction) if self.run else None

    def start(self, run: Run) -> None:
        """Hand over a run."""
        self.run, self.started, self._clock = run, provenance.now(), time.perf_counter()
        self.fraction = 0.0
        self.ref = self.actor.make.remote(run)


class _Pool:
    def __init__(
        self,
        config: ExecutionConfig,
        gpus: float,
        schedule: Schedule,
        listener: ProgressListener,
        probe: Path,
    ) -> None:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._config = config
        self._gpus = gpus
        self._schedule = schedule
        self._probe = probe
        self._retries = Retries(config.results)
        self._workers: dict[int, _Worker] = {}
        self._reporter = ProgressReporter(schedule, listener, self._workers)
        self._failed_starts = 0
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self._mailbox = ray.remote(num_cpus=0)(Mailbox).options(scheduling_strategy=here).remote()

    def run(self) -> None:
        """Keep as many workers busy as there is room for until nothing is left to run."""
        import ray

        while True:
            self._hand_out()
            busy = [worker for worker in self._workers.values() if worker.run]
            if not busy and not self._schedule:
                return
            self._grow(len(busy) + len(self._schedule))
            pending = {one.ref: n for n, one in self._workers.items() if one.ref is not None}
            ended, _ = ray.wait(list(pending), timeout=_POLL)
            self._report(ray.get(self._mailbox.take.remote()))
            for ref in ended:
                self._receive(pending[ref])

    def stop(self) -> None:
        import ray

        for actor in (*(worker.actor for worker in self._workers.values()), self._mailbox):
            ray.kill(actor)

    def _grow(self, wanted: int) -> None:
        """Ask for as many workers as are wanted and there is room for."""
        room = self._config.jobs or self._room()
        if not room:
            needs = f"{self._config.threads} CPUs"
            needs += f" and {self._gpus:g} GPUs" if self._gpus else ""
            raise FatalError(
                f"no node of the cluster has {needs}; lower --threads or --gpus-per-run, or give "
                "--jobs to wait for nodes"
            )
        for number in range(min(room, wanted)):
            if number not in self._workers:
                self._workers[number] = self._spawn(number)

    def _room(self) -> int:
        import ray

        alive = (node["Resources"] for node in ray.nodes() if node["Alive"])
        return sum(_room_on(one, self._config.threads, self._gpus) for one in alive)

    def _spawn(self, number: int) -> _Worker:
        import ray

        needs = {"num_cpus": self._config.threads, "num_gpus": self._gpus}
        environment = {"env_vars": process_variables(self._config.threads)}
        kind = ray.remote(**needs, runtime_env=environment, max_restarts=0)(RayWorker)
        actor = kind.remote(self._config, number, self._mailbox)
        return _Worker(actor, actor.prepare.remote(checkpoints.code_digest(), self._probe))

    def _hand_out(self) -> None:
        for number, worker in self._workers.items():
            if worker.ready and worker.run is None:
                run = self._schedule.next()
                if run is None:
                    return
                worker.start(run)
                self._reporter.started(number, run)

    def _report(self, news: Sequence[News]) -> None:
        for one in news:
            worker = self._workers.get(one.worker)
            if worker and worker.run and worker.run.id == one.run_id:
                worker.fraction = one.progress.fraction
                self._reporter.progressed(one.worker, worker.run, one.progress)

    def _receive(self, number: int) -> None:
        import ray

        worker = self._workers[number]
        try:
            message = ray.get(worker.ref)
        except ray.exceptions.RayError as lost:
            self._lose(number, str(lost))
            return
        worker.ref = None
        match message:
            case None:
                worker.ready, self._failed_starts = True, 0
            case Fatal(reason):
                raise FatalError(reason)
            case MadeRun(ended):
                run, worker.run = worker.run, None
                assert run is not None
                record, rows, masks = message.record, message.rows, message.masks
                unstored = keep(self._config.results, record, rows, masks)
                error = "\n".join(filter(None, (ended.error, unstored)))
                self._reporter.ended(number, run, error, ended.seconds)

    def _lose(self, number: int, error: str) -> None:
        """Let another worker take the place of a lost one, and make its run."""
        import ray

        worker = self._workers.pop(number)
        ray.kill(worker.actor)
        run = worker.run
        if run is None:
            self._failed_starts += 1
            if self._failed_starts >= _FAILED_STARTS:
                raise FatalError(f"no worker starts on the cluster: {error}")
        elif self._retries.allow(run):
            self._schedule.put_back(run)
        else:
            reason = provenance.without_paths(error)
            reason = record_crash(run, self._config, reason, worker.started, worker.seconds)
            self._reporter.ended(number, run, reason, worker.seconds)


def _room_on(node: Mapping[str, float], cpus: int, gpus: float) -> int:
    """Number of runs that a node's CPUs and GPUs are enough for at the same time."""
    by_cpus = int(node.get("CPU", 0) // cpus)
    if not gpus:
        return by_cpus
    of_one = int(1 / gpus) if gpus < 1 else 1 / gpus  # a fraction is of one GPU, not of two halves
    return min(by_cpus, int(node.get("GPU", 0) * of_one))


@contextmanager
def _connection(address: str | None) -> Iterator[None]:
    """Connect to the cluster, or to one of this machine alone, unless that has been done before.

    Raises:
        FatalError: it cannot be reached.
    """
    import ray

    if ray.is_initialized():
        yield
        return
    address = address or os.environ.get("RAY_ADDRESS")
    handler = signal.getsignal(signal.SIGTERM)
    try:
        _check_port(address)
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, ValueError) as error:  # among them ConnectionError
        raise FatalError(f"no Ray cluster answers at {address}: {error}") from error
    signal.signal(signal.SIGTERM, handler)  # Ray would exit at once
    try:
        yield
    finally:
        ray.shutdown()


def _check_port(address: str | None) -> None:
    """Whether anything answers at HOST:PORT; Ray itself would try for minutes.

    Raises:
        OSError: nothing does.
        ValueError: there is no port.
    """
    if address and ":" in address and "://" not in address:
        host, _, port = address.rpartition(":")
        socket.create_connection((host, int(port)), _PATIENCE).close()


@contextmanager
def _probe(results: Path) -> Iterator[Path]:
    """Something in the results folder for the time of the block, for others to see or not."""
    results.mkdir(parents=True, exist_ok=True)
    sweep(results, _PROBE)
    with scratch_folder(results, _PROBE) as folder:
        yield folder
