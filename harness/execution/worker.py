"""A worker process: pays for importing torch and avalanche once, then takes run after run.

Nothing heavy is imported at the top, so that the numbers of threads are set before torch and numpy
read them, and so that the parent can import this module for free.
"""

from __future__ import annotations

import gc
import os
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from baselines.interface import HEADS, Baseline, Relaxation
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.run import Run
from harness.experiment.progress import Position
from harness.storage import provenance

LOWER_MEMORY: Final = "try fewer --jobs, or smaller batches (--set training.batch_size=32)"
"""What to type when memory is short."""

_THREAD_VARIABLES: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Order:
    """What all workers of a command are told.

    Attributes:
        results: folder of all results.
        data: folder of the data sets; None for the packaged ones.
        device: "auto", "cpu" or "cuda".
        origin: provenance that all runs share (`harness.storage.provenance.origin`).
        threads: of each run. With one, numbers are the same whatever the number of cores.
    """

    results: Path
    data: Path | None
    device: str
    origin: Mapping[str, Any]
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Done:
    """A run has ended and is on disk; `error` is empty if it finished."""

    error: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Refused:
    """No run can be made as ordered, whatever the run."""

    reason: str


def work(connection: Connection, order: Order, number: int, log: str) -> None:
    """Make the runs that come through the connection until it closes.

    Args:
        connection: gives runs; takes `Position`, `Done` and `Refused`.
        order: what to do with them.
        number: of this worker, from 0; with several GPUs, they take turns.
        log: file for whatever the libraries print.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, str(order.threads)))
    _print_to(log)
    import torch

    torch.set_num_threads(order.threads)
    torch.set_flush_denormal(True)  # closed gates make numbers that some processors are slow with
    if order.device == "cuda" and not torch.cuda.is_available():
        connection.send(Refused("torch sees no CUDA device; use --device cpu or --device auto"))
        return
    device = "cuda" if order.device != "cpu" and torch.cuda.is_available() else "cpu"
    name = ""
    if device == "cuda":
        torch.cuda.set_device(number % torch.cuda.device_count())
        name = torch.cuda.get_device_name()
    import harness.experiment.experiment  # noqa: F401 - imports avalanche, on no run's time
    from harness.data.datasets import DataUnavailableError

    gc.freeze()  # or each full collection walks through all that the libraries made, 0.2 s
    machine = {**order.origin, **provenance.machine(device, name, order.threads)}
    with suppress(EOFError, OSError):  # the parent closed the connection, or is gone
        while True:
            run = connection.recv()
            try:
                connection.send(_make(run, device, order, machine, connection))
            except DataUnavailableError as error:  # the next run would find no data either
                connection.send(Refused(str(error)))
                return


def record_failure(order: Order, run: Run, error: str, circumstances: Mapping[str, Any]) -> None:
    """Store a run as failed, unless it has finished after all.

    Args:
        order: where to.
        run: the run.
        error: traceback or reason.
        circumstances: its provenance.
    """
    from harness.storage import store

    record = store.Record(run, _declaration(run), circumstances, "failed", error)
    with suppress(FileExistsError):
        store.save(order.results, record)


def _make(
    run: Run, device: str, order: Order, machine: Mapping[str, Any], connection: Connection
) -> Done:
    from harness.data.datasets import DataUnavailableError
    from harness.experiment.experiment import perform
    from harness.storage import store

    started, clock, error = provenance.now(), time.perf_counter(), ""

    def circumstances() -> dict[str, Any]:
        seconds = round(time.perf_counter() - clock, 3)
        return {**machine, "started": started, "seconds": seconds}

    try:
        outcome = perform(run, device=device, data=order.data, report=_reporter(connection))
        record = store.Record(run, _declaration(run), circumstances())
        with suppress(FileExistsError):  # another command has finished the same run meanwhile
            store.save(order.results, record, outcome.rows, outcome.masks)
    except DataUnavailableError:
        raise
    except Exception as failure:  # one run's failure, whatever it is, must not end the others
        error = provenance.without_paths(traceback.format_exc()) + advice(failure)
        record_failure(order, run, error, circumstances())
    return Done(error, time.perf_counter() - clock)


def advice(failure: Exception) -> str:
    """What to try after a failure, a line of its own; "" where there is nothing to say."""
    text = str(failure).lower()
    scarce = "out of memory" in text or "allocate memory" in text
    if scarce or isinstance(failure, MemoryError):
        return f"\nnot enough memory: {LOWER_MEMORY}"
    return ""


def _reporter(connection: Connection) -> Callable[[Position], None]:
    def report(position: Position) -> None:
        try:
            connection.send(position)
        except OSError:  # the parent is gone; this is no failure of the run
            raise SystemExit from None

    return report


def _declaration(run: Run) -> dict[str, Any]:
    method = methods().get(run.baseline)
    if method is None:
        return {"title": run.baseline, "reference": "", "relaxations": [], "rule": "", "told": ""}
    return {
        "title": method.title,
        "reference": method.reference,
        "relaxations": sorted(map(str, method.relaxations | _heads(run))),
        "rule": _rule(method, run),
        "told": str(method.told),
    }


def _rule(method: type[Baseline], run: Run) -> str:
    try:
        return method(**run.settings).default_rule
    except (TypeError, ValueError):  # the run has failed for the same reason
        return method.rule


def _heads(run: Run) -> frozenset[Relaxation]:
    per_task = BENCHMARKS[run.benchmark].head == "per-task"
    return HEADS if per_task else frozenset()


def _print_to(log: str) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)
