"""What the terminal shows while runs are made."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final, Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.text import Text

from harness.config.run import Run
from harness.execution.executor import SharingListener
from harness.experiment.progress import RunProgress

_SILENCE: Final = 300
"""Seconds after which a log shows how far a run is."""


_MOST: Final = 300
"""Characters of an error that a line has; the record has all of it."""


_ALL: Final = "runs"
"""Beside the bar of all runs."""


class Display(SharingListener, AbstractContextManager["Display"], Protocol):
    """A progress listener that holds the terminal while runs are made."""


def display(console: Console, runs: int, expected: str = "") -> Display:
    """Live bars on a terminal, else lines for a log.

    Args:
        console: where to show it.
        runs: number of runs to make.
        expected: a sentence on the time that they will take; "" where nothing is known.
    """
    live = console.is_terminal and not console.is_dumb_terminal
    return LiveDisplay(console, runs) if live else LineDisplay(console, runs, expected)


class LineDisplay(Display):
    """One plain line at the start, one per ended run, and one now and then for a long one."""

    def __init__(self, console: Console, runs: int, expected: str = "") -> None:
        self._console = console
        self._runs = runs
        self._expected = expected
        self._ended = 0
        self._waiting: Collection[str] = ()
        self._clock = time.monotonic()
        self._reported: dict[int, float] = {}

    def __enter__(self) -> Self:
        """Print what is ahead."""
        ahead = f"{self._runs} {'run' if self._runs == 1 else 'runs'} to make."
        self._print(f"{ahead} {self._expected}".rstrip())
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing to give back."""

    def started(self, worker: int, run: Run, remaining: float | None) -> None:
        """Note the time; a short run says nothing until it ends."""
        self._reported[worker] = time.monotonic()

    def progressed(
        self, worker: int, run: Run, progress: RunProgress, remaining: float | None
    ) -> None:
        """Print how far the run is if its worker has been silent for minutes."""
        now = time.monotonic()
        if now - self._reported[worker] >= _SILENCE:
            self._reported[worker] = now
            self._print(f"{run} is at {progress.doing}; {_time_left(remaining)}")

    def ended(
        self, worker: int, run: Run, error: str, seconds: float, remaining: float | None
    ) -> None:
        """Print how the run ended, the time so far and the time left."""
        self._ended += 1
        elapsed = duration(time.monotonic() - self._clock)
        ending = f"{_ending(run, error, seconds)}; {elapsed} elapsed, {_time_left(remaining)}"
        self._print(f"{self._ended}/{self._runs} {ending}")

    def made_elsewhere(self, run: Run, state: str) -> None:
        """Print that the run has ended, and not here."""
        self._ended += 1
        self._print(f"{self._ended}/{self._runs} {run} {state}, made by another command")

    def not_started(self, run: Run, reason: str) -> None:
        """Print why the run is not made."""
        self._ended += 1
        self._print(f"{self._ended}/{self._runs} {_refusal(run, reason)}")

    def waiting(self, runs: int, holders: Collection[str]) -> None:
        """Print whom the command waits for, whenever that changes."""
        if holders != self._waiting:
            self._waiting = holders
            self._print(_waiting(runs, holders))

    def _print(self, line: str) -> None:
        say(self._console, line)


class LiveDisplay(Display):
    """A bar for all runs and one for each worker."""

    def __init__(self, console: Console, runs: int) -> None:
        self._rows: dict[int, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            _Detail(),
            console=console,
            transient=True,
        )
        self._all = self._progress.add_task(_ALL, total=runs, detail="", ends=None)

    def __enter__(self) -> Self:
        """Take the terminal."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the terminal back."""
        self._progress.stop()

    def refresh(self) -> None:
        """Draw now, not at the next tick."""
        self._progress.refresh()

    def started(self, worker: int, run: Run, remaining: float | None) -> None:
        """Put the run in the worker's line."""
        self._expect(remaining)
        if worker not in self._rows:
            self._rows[worker] = self._progress.add_task("", total=None, detail="", ends=None)
        self._progress.reset(
            self._rows[worker], description=str(run), detail="starting", visible=True
        )

    def progressed(
        self, worker: int, run: Run, progress: RunProgress, remaining: float | None
    ) -> None:
        """Move the worker's bar."""
        self._progress.update(
            self._rows[worker],
            total=progress.total,
            completed=progress.done,
            detail=progress.doing,
        )
        self._expect(remaining)

    def ended(
        self, worker: int, run: Run, error: str, seconds: float, remaining: float | None
    ) -> None:
        """Move the bar of all runs; print a failure, so that it stays."""
        self._expect(remaining)
        self._progress.update(self._all, advance=1)
        self._progress.update(self._rows[worker], visible=False)
        if error:
            say(self._progress.console, _ending(run, error, seconds))

    def made_elsewhere(self, run: Run, state: str) -> None:
        """Move the bar of all runs."""
        self._progress.update(self._all, advance=1)

    def not_started(self, run: Run, reason: str) -> None:
        """Move the bar of all runs; print the reason, so that it stays."""
        self._progress.update(self._all, advance=1)
        say(self._progress.console, _refusal(run, reason))

    def waiting(self, runs: int, holders: Collection[str]) -> None:
        """Say beside the bar of all runs whom the command waits for."""
        self._progress.update(self._all, detail=_waiting(runs, holders))

    def _expect(self, remaining: float | None) -> None:
        """Count down from so many seconds, beside the bar of all runs."""
        ends = None if remaining is None else time.monotonic() + remaining
        self._progress.update(self._all, detail="", ends=ends)


class _Detail(ProgressColumn):
    """What a run does now; beside the bar of all runs the time to go, which goes down by itself."""

    def render(self, task: Task) -> Text:
        """The text at this moment."""
        detail: str = task.fields["detail"]
        if detail or task.description != _ALL:
            return Text(detail)
        ends: float | None = task.fields["ends"]
        if ends is None:
            return Text(_time_left(None))
        left = ends - time.monotonic()
        return Text(_time_left(left) if left > 0 or task.finished else "longer than expected")


def say(console: Console, text: str) -> None:
    """Print text as it is, lines unbroken."""
    console.print(text, soft_wrap=True, markup=False, highlight=False)


def duration(seconds: float) -> str:
    """Hours, minutes and seconds: 65 -> "1:05"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _time_left(remaining: float | None) -> str:
    return "time to go unknown" if remaining is None else f"about {duration(remaining)} to go"


def _ending(run: Run, error: str, seconds: float) -> str:
    if not error:
        return f"{run} finished in {duration(seconds)}"
    return f"{run} failed after {duration(seconds)}: {_last_line(error)}"


def _last_line(error: str) -> str:
    """Of a traceback the message, without what a terminal would obey, and as long as one reads."""
    line = error.strip().splitlines()[-1]
    line = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in line)
    return line if len(line) <= _MOST else f"{line[:_MOST]}..."


def _refusal(run: Run, reason: str) -> str:
    return f"{run} is not made: {reason}"


def _waiting(runs: int, holders: Collection[str]) -> str:
    count = "1 run" if runs == 1 else f"{runs} runs"
    return f"Waiting for {count} that other commands make: {', '.join(sorted(holders))}"
