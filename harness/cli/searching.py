"""Making the runs of a search, batch by batch, until it needs no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console

from harness.cli.orchestration import make_missing
from harness.config.budgets import TUNING
from harness.config.run import Run
from harness.config.settings import SettingError
from harness.execution.executor import ExecutionConfig, Executor, FatalError

if TYPE_CHECKING:
    from harness.tuning.ended_runs import Outcomes

Reached = TypeVar("Reached")


def searched(
    advance: Callable[[Outcomes], tuple[Reached, Sequence[Run]]],
    benchmark: str,
    config: ExecutionConfig,
    executor: Executor,
    log: Console,
) -> Reached:
    """How far a search gets, or several at once; runs that fail are tried once a command.

    Args:
        advance: of the outcomes of all runs that have ended, makes how far that is and the runs
            that are needed to go on.
        benchmark: name of that of the runs.
        config: how they are made.
        executor: makes them.
        log: where the progress is shown.

    Raises:
        FatalError: values that are proposed do not go together, or not with the stream.
    """
    from harness.storage import store  # imports pandas; a wrong argument need not wait for it
    from harness.tuning.outcomes import outcomes

    asked: set[str] = set()
    while True:
        known = outcomes(store.read(config.results, benchmark, TUNING))
        try:
            reached, missing = advance(known)
        except SettingError as error:
            raise FatalError(str(error)) from error
        new = [run for run in missing if run.id not in asked]
        if not new:
            return reached
        asked |= {run.id for run in new}
        make_missing(new, config, executor, log, retry_failed=True)
