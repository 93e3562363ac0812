"""Making one run: train, measure and store it as finished or failed. Every executor calls this.

Nothing heavy is imported at the top, so that whoever only plans or schedules runs can import this
for free.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from baselines.interface import Baseline, Requirement
from baselines.registry import methods
from harness.config.benchmark_registry import benchmarks
from harness.config.budgets import TrainingBudget
from harness.config.run import Run
from harness.config.scenarios import given_by
from harness.execution.executor import ExecutionConfig, FatalError
from harness.execution.run_warnings import PACKAGES, recorded_warnings
from harness.experiment.progress import RunProgress
from harness.storage import provenance
from harness.storage.record import MethodDeclaration, Record, Status
from harness.tracking.logger import logging

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

LOWER_MEMORY: Final = "try fewer --jobs, or smaller batches (--set training.batch_size=32)"
"""What to type when memory is short."""


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run has ended and is on disk, unless the error says that it could not be stored.

    Attributes:
        error: why it failed or is not stored; "" if it finished.
        seconds: wall-clock seconds that it took.
    """

    error: str
    seconds: float


def make_run(
    run: Run,
    config: ExecutionConfig,
    machine: Mapping[str, Any],
    report: Callable[[RunProgress], None],
    checkpoint: Path | None = None,
) -> RunEnded:
    """Train, measure and store one run; whatever fails in it is stored as its failure.

    It goes on from its checkpoint, if it has one, and discards it when it is stored as finished.

    Args:
        run: what to train.
        config: where the data and the results are.
        machine: provenance of the device, which is trained on (`harness.storage.provenance`).
        report: receives the progress.
        checkpoint: folder of its checkpoint; None for its place among the results.

    Raises:
        FatalError: the data set cannot be had, for this run or for any other.
    """
    from harness.data.datasets import DataUnavailableError
    from harness.experiment.backbones import BackboneError
    from harness.experiment.experiment import run_experiment
    from harness.storage import checkpoints
    from harness.training.divergence import DivergedError

    started, clock, error = provenance.now(), time.perf_counter(), ""
    warned: list[str] = []

    def circumstances() -> dict[str, Any]:
        seconds = round(time.perf_counter() - clock, 3)
        made = {**config.origin, **machine, "started": started, "seconds": seconds}
        return {**made, "warnings": warned} if warned else made

    try:
        _check_registered(run)
        checkpoint = checkpoint or checkpoints.folder(config.results, run)
        own = (*PACKAGES, methods()[run.baseline].__module__.partition(".")[0])
        with logging(run, config.loggers, config.logs) as log, recorded_warnings(own) as warned:
            result = run_experiment(
                run,
                device=machine["device"],
                data=config.data,
                report=report,
                checkpoint=checkpoint,
                log=log if config.loggers else None,
            )
        record = Record(run, declaration(run), circumstances())
        error = keep(config.results, record, result.rows, result.masks)
        if not error:  # else the next command has only to store it
            checkpoints.discard(checkpoint)
    except (DataUnavailableError, BackboneError) as unusable:
        raise FatalError(str(unusable)) from unusable
    except DivergedError as diverged:
        error = f"{type(diverged).__name__}: {diverged}"
        error = record_failure(run, config, error, circumstances(), "diverged")
    except Exception as failure:  # one run's failure, whatever it is, must not end the others
        error = provenance.without_paths(traceback.format_exc()) + advice(failure)
        error = record_failure(run, config, error, circumstances())
    return RunEnded(error, time.perf_counter() - clock)


def _check_registered(run: Run) -> None:
    """Whether this process knows what a run is made of.

    Raises:
        LookupError: it does not.
    """
    for kind, name, known in (
        ("method", run.baseline, methods()),
        ("benchmark", run.benchmark, benchmarks()),
    ):
        if name not in known:
            raise LookupError(
                f"the process that makes runs knows no {kind} {name!r}; put what registers it into "
                "a file of its own and name that by --plugin"
            )


def record_failure(
    run: Run,
    config: ExecutionConfig,
    error: str,
    circumstances: Mapping[str, Any],
    status: Status = "failed",
) -> str:
    """Store a run that did not finish, unless it has finished after all.

    Args:
        run: the run.
        config: where to.
        error: traceback or reason.
        circumstances: its provenance.
        status: "failed" or "diverged".

    Returns:
        The error; if it could not be stored, with the reason on a line of its own.
    """
    record = Record(run, declaration(run), circumstances, status, error)
    try:
        unstored = keep(config.results, record)
    except ValueError as refused:  # what made the run fail may be in its record
        unstored = f"not stored: {refused}"
    return f"{error.rstrip()}\n{unstored}" if unstored else error


def record_crash(
    run: Run, config: ExecutionConfig, error: str, started: str, seconds: float
) -> str:
    """Store as failed a run whose process died, unless it has finished after all.

    Args:
        run: the run.
        config: how it was made.
        error: what is known of the death.
        started: when the run began (`harness.storage.provenance.now`).
        seconds: wall-clock seconds from then on.

    Returns:
        The error; if it could not be stored, with the reason on a line of its own.
    """
    machine = provenance.machine(config.device, "", config.threads)
    times = {"started": started, "seconds": round(seconds, 3)}
    return record_failure(run, config, error, {**config.origin, **machine, **times})


def keep(
    results: Path,
    record: Record,
    rows: pd.DataFrame | None = None,
    masks: Mapping[str, np.ndarray[Any, Any]] | None = None,
) -> str:
    """Store a run, unless another command has finished it, and remove what it left half-written.

    The caller has the claim on the run, if there are claims (`harness.storage.claims`).

    Args:
        results: folder of all results.
        record: what ran, and how it ended.
        rows: measurements of a finished run.
        masks: packed masks by name.

    Returns:
        Why it could not be stored, which must not end the other runs; "" if it is stored.
    """
    from harness.storage import run_folder, store

    run_folder.remove_unfinished(results / record.run.folder)
    try:
        with suppress(store.AlreadyFinishedError):
            store.save(results, record, rows, masks)
    except OSError as error:
        return f"not stored: {error.strerror or error} ({results})"
    return ""


def advice(failure: Exception) -> str:
    """What to try after a failure, a line of its own; "" where there is nothing to say."""
    text = str(failure).lower()
    scarce = "out of memory" in text or "allocate memory" in text
    if scarce or isinstance(failure, MemoryError):
        return f"\nnot enough memory: {LOWER_MEMORY}"
    return ""


def declaration(run: Run) -> MethodDeclaration:
    """What the run's method declares of itself."""
    method = methods().get(run.baseline)
    if method is None:
        return MethodDeclaration(title=run.baseline)
    return MethodDeclaration(
        title=method.title,
        reference=method.reference,
        requirements=tuple(sorted(map(str, method.requirements | _given(run)))),
        supervision=str(method.supervision),
        rule=_rule(method, run),
        colour=method.colour,
        counterpart=method.counterpart,
    )


def _rule(method: type[Baseline], run: Run) -> str:
    try:
        return method(**run.settings).default_rule
    except (TypeError, ValueError):  # the run has failed for the same reason
        return method.rule


def _given(run: Run) -> frozenset[Requirement]:
    return given_by(run.scenario, TrainingBudget(**run.training))
