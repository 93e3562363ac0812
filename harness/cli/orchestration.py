"""Making the runs of a command that are missing, the same for every command that makes runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Console

from harness.cli.checks import ArgumentError, writable_folder
from harness.cli.progress_display import display
from harness.config.run import Run
from harness.execution.executor import ExecutionConfig, FatalError, executors
from harness.storage import checkpoints
from harness.storage.checkpoints import Checkpoint

if TYPE_CHECKING:
    from harness.storage.store import Survey

FINISHED: Final = 0
INCOMPLETE: Final = 1
REFUSED: Final = 2
INTERRUPTED: Final = 130

TO_RUN: Final = "to run"


def states(
    runs: Sequence[Run],
    config: ExecutionConfig,
    retry_failed: bool,
    survey: Survey | None = None,
) -> list[str]:
    """For each run `TO_RUN`, or its state in the store; those are left alone.

    Args:
        runs: all runs of a command.
        config: where their results are.
        retry_failed: whether failed runs are to run again.
        survey: of their benchmark and profile, if it was made already.
    """
    from harness.storage import store  # imports pandas; a wrong argument need not wait for it

    again = {"missing"} | ({"failed", "diverged"} if retry_failed else set())
    known = survey.states if survey else {}
    found = (known.get(run.id) or store.status(config.results, run) for run in runs)
    return [TO_RUN if state in again else state for state in found]


def make_missing(
    runs: Sequence[Run], config: ExecutionConfig, executor: str, log: Console, retry_failed: bool
) -> None:
    """Make those of the runs that need making, and show how it goes.

    Args:
        runs: all runs of a command.
        config: how they are made.
        executor: name of what makes them.
        log: where the progress is shown.
        retry_failed: whether failed runs are to run again.

    Raises:
        FatalError: no run can be made as configured.
    """
    found = zip(runs, states(runs, config, retry_failed), strict=True)
    missing = [run for run, state in found if state == TO_RUN]
    _check_checkpoints(missing, config)
    if missing:
        _check_writable(config)
        with display(log, len(missing)) as listener:
            executors()[executor](config).run(missing, listener)


def unfinished(runs: Sequence[Run], config: ExecutionConfig) -> dict[str, Checkpoint]:
    """The checkpoints of those runs that have one, by the run's id.

    Args:
        runs: all runs of a command.
        config: where their results are.
    """
    found = {run.id: checkpoints.read(checkpoints.folder(config.results, run)) for run in runs}
    return {name: checkpoint for name, checkpoint in found.items() if checkpoint is not None}


def _check_checkpoints(missing: Sequence[Run], config: ExecutionConfig) -> None:
    """Refuse to go on from checkpoints of other code, which might give other numbers.

    Raises:
        FatalError: there is one; says what to do.
    """
    found = unfinished(missing, config)
    for run in missing:
        checkpoint = found.get(run.id)
        if checkpoint and checkpoint.code != checkpoints.code_digest():
            folder = checkpoints.folder(config.results, run)
            raise FatalError(
                f"{run} has {checkpoint.done} of {checkpoint.tasks} tasks done by other code or "
                f"other versions of the libraries; go back to those to go on, or delete {folder} "
                "to begin anew"
            )


def _check_writable(config: ExecutionConfig) -> None:
    """Refuse a folder that no run can be stored in; where nothing is to be made, it may be such.

    Raises:
        FatalError: it is one.
    """
    try:
        writable_folder("--results", config.results)
    except ArgumentError as error:
        raise FatalError(str(error)) from error


def exit_status(action: Callable[[], int], log: Console) -> int:
    """The exit status of a command that makes runs, also when it is ended from outside.

    Args:
        action: does the work; gives the status if nothing ends it.
        log: where it is said what ended it.
    """
    try:
        return action()
    except FatalError as error:
        say(log, f"error: {error}")
        return REFUSED
    except KeyboardInterrupt:
        say(log, "Interrupted. Finished runs are kept; the same command goes on from there.")
        return INTERRUPTED


def say(console: Console, text: str) -> None:
    """Print text as it is, lines unbroken."""
    console.print(text, soft_wrap=True, markup=False, highlight=False)
