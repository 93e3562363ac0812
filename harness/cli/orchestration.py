"""Making the runs of a command that are missing, the same for every command that makes runs."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Final, NoReturn

from rich.console import Console

from baselines.plugins import PluginError
from harness.cli.arguments import ArgumentError
from harness.cli.console import end_quietly
from harness.cli.exit_codes import ENDED, FINISHED, INCOMPLETE, REFUSED
from harness.cli.expected_time import expected_time
from harness.cli.folders import writable_folder
from harness.cli.progress_display import display, say
from harness.config.devices import expected_device
from harness.config.run import Run
from harness.execution.executor import ExecutionConfig, Executor, FatalError
from harness.execution.local import LocalExecutor, number_of_workers
from harness.storage import checkpoints
from harness.storage.checkpoints import Checkpoint

if TYPE_CHECKING:
    from harness.analysis.cost import Cost
    from harness.storage.store import Survey

TO_RUN: Final = "to run"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a command did about the runs that were missing.

    Attributes:
        runs: those that it tried to make; other commands may have made some of them meanwhile.
        seconds: until the last of them had ended.
    """

    runs: Sequence[Run]
    seconds: float


def states(runs: Iterable[Run], survey: Survey, retry_failed: bool) -> list[str]:
    """For each run `TO_RUN`, or its state in the store; those are left alone.

    Args:
        runs: all runs of a command.
        survey: of their benchmark and profile.
        retry_failed: whether failed runs are to run again.
    """
    again = {"missing"} | ({"failed", "diverged"} if retry_failed else set())
    return [TO_RUN if state in again else state for state in map(survey.status, runs)]


def make_missing(
    runs: Sequence[Run],
    config: ExecutionConfig,
    executor: Executor,
    log: Console,
    retry_failed: bool,
) -> Attempt:
    """Make those of the runs that need making, and show how it goes.

    What other commands on the same results folder make meanwhile is waited for, not made.

    Args:
        runs: all runs of a command, of one benchmark and profile.
        config: how they are made.
        executor: makes them.
        log: where the progress is shown.
        retry_failed: whether failed runs are to run again.

    Returns:
        Which of them it tried.

    Raises:
        FatalError: no run can be made as configured.
    """
    from harness.storage import store  # imports pandas; a wrong argument need not wait for it

    if not runs:
        return Attempt([], 0.0)
    survey = store.survey(config.results, runs[0].benchmark, runs[0].profile)
    found = zip(runs, states(runs, survey, retry_failed), strict=True)
    missing = [run for run, state in found if state == TO_RUN]
    _check_checkpoints(missing, config)
    began = time.monotonic()
    if missing:
        _check_results(missing, config)
        from harness.execution.sharing import make_shared  # imports pandas

        expected = expected_time(cost_of(missing, survey, config), workers(executor, config))
        with display(log, len(missing), expected) as listener:
            make_shared(missing, survey, config, executor, listener)
    return Attempt(missing, time.monotonic() - began)


def cost_of(runs: Iterable[Run], survey: Survey, config: ExecutionConfig) -> Cost:
    """What runs will take, by what is stored of their benchmark and profile.

    Args:
        runs: to make.
        survey: of their benchmark and profile.
        config: how they are made; only timings of the same kind of device count.
    """
    from harness.analysis.cost import Timings, total

    timings = Timings(survey.records.values(), expected_device(config.device))
    return total(timings.of(run) for run in runs)


def workers(executor: Executor, config: ExecutionConfig) -> int | None:
    """How many runs are made at the same time; None where that is the cluster's to say.

    Args:
        executor: makes them.
        config: how.
    """
    return number_of_workers(config) if isinstance(executor, LocalExecutor) else config.jobs


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


def _check_results(missing: Sequence[Run], config: ExecutionConfig) -> None:
    """Refuse to make runs that could not be stored; if none is to be made, none need be.

    Raises:
        FatalError: they could not; says what is in the way.
    """
    from harness.storage import store

    try:
        store.check_writable(writable_folder("--results", config.results), missing)
    except ArgumentError as error:
        raise FatalError(str(error)) from error
    except OSError as error:
        raise FatalError(
            f"results cannot be stored: {error}; mend that, or name another folder by --results"
        ) from error


class EndedBySignal(KeyboardInterrupt):
    """The command is to end, as by Ctrl-C.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def exit_status(action: Callable[[], int], log: Console) -> int:
    """The exit status of a command that makes runs, also when it is ended from outside.

    SIGTERM, and SIGHUP unless the user has it ignored (`nohup`), end it as Ctrl-C does. Call it in
    the main thread.

    Args:
        action: does the work; gives the status if nothing ends it.
        log: where it is said what ended it.
    """
    with _signals_raised():
        try:
            status = action()
            sys.stdout.flush()
            return status
        except BrokenPipeError:  # nobody reads the tables; all runs are made by then
            end_quietly()
            return FINISHED
        except FatalError as error:
            say(log, f"error: {error}")
            return REFUSED
        except (OSError, PluginError) as error:  # such as a full disk; the message names the file
            say(log, f"error: {error}")
            return INCOMPLETE
        except KeyboardInterrupt as interrupt:
            number = interrupt.number if isinstance(interrupt, EndedBySignal) else signal.SIGINT
            say(log, "Interrupted. What is done is kept; the same command goes on from there.")
            return ENDED + number


@contextmanager
def _signals_raised() -> Iterator[None]:
    """SIGTERM and SIGHUP raise `EndedBySignal` in this block, the first time."""

    def handle(number: int, frame: FrameType | None) -> NoReturn:
        for ending in before:
            signal.signal(ending, signal.SIG_IGN)  # the workers are being ended
        raise EndedBySignal(number)

    both = (signal.SIGTERM, signal.SIGHUP)
    before = {one: signal.getsignal(one) for one in both}
    before = {one: handler for one, handler in before.items() if handler is not signal.SIG_IGN}
    for ending in before:
        signal.signal(ending, handle)
    try:
        yield
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)
