"""Commands that work on one results folder share the runs: each is made by one of them.

A run counts as made by another command if the store has another record of it than when this one
began: one that has failed again is not tried a third time.

What reads the store imports pandas and is imported when it is needed, so that whoever looks for
executors need not wait for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from harness.config.devices import expected_device
from harness.config.run import Run
from harness.execution.executor import (
    ExecutionConfig,
    Executor,
    ProgressListener,
    SharingListener,
)
from harness.execution.scheduling import Schedule
from harness.experiment.progress import RunProgress

if TYPE_CHECKING:
    from harness.storage.claims import Claims
    from harness.storage.store import Survey

_POLL: Final = 1.0
"""Seconds between two looks at what other commands are making."""


def make_shared(
    runs: Iterable[Run],
    survey: Survey,
    config: ExecutionConfig,
    executor: Executor,
    listener: SharingListener,
) -> None:
    """Make runs, less those that other commands make meanwhile; wait for these.

    A run is claimed just before it is started, so that commands share what is left. What a command
    has claimed and can no longer make is made after all.

    Args:
        runs: to make, also those that have failed before.
        survey: of their benchmark and profile as the command began.
        config: how they are made.
        executor: makes them.
        listener: receives the progress.

    Raises:
        FatalError: no run can be made as configured.
    """
    from harness.analysis.cost import Timings
    from harness.storage.claims import Claims

    timings = Timings(survey.records.values(), expected_device(config.device))
    with Claims(config.results, config.owner) as claims:
        work = _SharedWork(runs, survey, claims, listener)
        while work.pending:
            holders = work.holders()
            free = [run for run_id, run in work.pending.items() if run_id not in holders]
            if free:
                executor.run(Schedule(free, work.claim, timings.of), work)
            elif holders:
                listener.waiting(len(holders), set(holders.values()))
                time.sleep(_POLL)


class _SharedWork(ProgressListener):
    """The runs that are left to this command or to others."""

    def __init__(
        self, runs: Iterable[Run], survey: Survey, claims: Claims, listener: SharingListener
    ) -> None:
        self.pending = {run.id: run for run in runs}
        self._results = survey.results
        self._before = {run_id: survey.records.get(run_id) for run_id in self.pending}
        self._claims = claims
        self._listener = listener

    def holders(self) -> dict[str, str]:
        """By whom a run that is left is being made, by the run's id.

        Runs that others have made are no longer left.
        """
        found = {run_id: self._claims.holder(run) for run_id, run in self.pending.items()}
        for run_id, holder in found.items():
            if not holder:
                self._drop_if_made(self.pending[run_id])
        return {run_id: holder for run_id, holder in found.items() if holder}

    def claim(self, run: Run) -> bool:
        """Whether this command is to make a run; it is then no longer left."""
        try:
            claimed = self._claims.acquire(run)
        except OSError as error:  # that of one run must not end the others
            self.pending.pop(run.id, None)  # it is not there if its worker was lost
            self._listener.not_started(run, f"{error.strerror} ({error.filename})")
            return False
        if not claimed:
            return False
        if self._drop_if_made(run):
            self._claims.release(run)
            return False
        self.pending.pop(run.id, None)
        return True

    def started(self, worker: int, run: Run, remaining: float | None) -> None:
        self._listener.started(worker, run, remaining)

    def progressed(
        self, worker: int, run: Run, progress: RunProgress, remaining: float | None
    ) -> None:
        self._listener.progressed(worker, run, progress, remaining)

    def ended(
        self, worker: int, run: Run, error: str, seconds: float, remaining: float | None
    ) -> None:
        self._claims.release(run)
        self._listener.ended(worker, run, error, seconds, remaining)

    def _drop_if_made(self, run: Run) -> bool:
        """Whether another command has made a run since this one began, however it ended."""
        from harness.storage import store

        state, record = store.look_up(self._results, run)
        made = state != "missing" and (record is None or record != self._before[run.id])
        if made:
            self.pending.pop(run.id, None)
            self._listener.made_elsewhere(run, state)
        return made
