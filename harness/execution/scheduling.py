"""Which run to start next, and how long the rest will take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean

from harness.config.run import Run


@dataclass(frozen=True, slots=True)
class RunInProgress:
    """A run that a worker is making.

    Attributes:
        run: which.
        seconds: spent on it so far.
        fraction: of its epochs that are trained, 0 to 1.
    """

    run: Run
    seconds: float
    fraction: float


Kind = tuple[str, str, str]
"""Scenario, method and settings that differ: runs that take about the same time."""


class Schedule:
    """The runs still to start; iterating takes them all, one after the other.

    The longest come first, so that no worker is left alone with a long run at the end; before
    them the first run of every method of which nothing is known, because it shows what it costs.

    Args:
        runs: to start, each once.
        expected: seconds that a run will take, by what is stored; None where nothing is known. What
            runs take here corrects it, for this machine may be another one.
        claim: whether a run may be started after all; it is asked just before. A run that may not
            is left out: another command makes it (`harness.execution.sharing`).
    """

    def __init__(
        self,
        runs: Iterable[Run],
        claim: Callable[[Run], bool] = lambda run: True,
        expected: Callable[[Run], float | None] = lambda run: None,
    ) -> None:
        self._pending = list(runs)
        self._expected = _expected(self._pending, expected)
        self._claim = claim
        self._returned: list[Run] = []
        self._started: set[Kind] = set()
        self._seconds: dict[Kind, list[float]] = defaultdict(list)

    def __len__(self) -> int:
        """At most so many are still to start; others may claim some of them."""
        return len(self._pending) + len(self._returned)

    def __iter__(self) -> Iterator[Run]:
        while run := self.next():
            yield run

    def next(self) -> Run | None:
        """Take the run to start now; None if there is none."""
        while self._returned or self._pending:
            run = self._returned.pop(0) if self._returned else self._take()
            if self._claim(run):
                self._started.add(_kind(run))
                return run
        return None

    def put_back(self, run: Run) -> None:
        """Start a run again, before all others: its worker was lost."""
        self._returned.append(run)

    def measured(self, run: Run, seconds: float) -> None:
        """Take into account what a finished run took.

        Args:
            run: which.
            seconds: wall-clock seconds.
        """
        self._seconds[_kind(run)].append(seconds)

    def remaining(self, in_progress: Iterable[RunInProgress], workers: int) -> float | None:
        """Estimated seconds until everything is done; None before there is anything to go by.

        A method without a finished run, here or in the store, is judged by its runs in progress, as
        if testing took the same time after each epoch, and before that by the mean of the others.

        Args:
            in_progress: the runs that workers are making.
            workers: number of workers.
        """
        going = list(in_progress)
        under_way: dict[Kind, list[float]] = defaultdict(list)
        for one in going:
            if 0 < one.fraction < 1:  # after the last epoch nobody knows how long testing takes
                under_way[_kind(one.run)].append(one.seconds / one.fraction)
        costs = self._costs(under_way)
        if not costs:
            return None
        usual = fmean(costs.values())
        rest = [max(costs.get(_kind(one.run), usual) - one.seconds, 0.0) for one in going]
        waiting = (*self._returned, *self._pending)
        total = sum(rest) + sum(costs.get(_kind(run), usual) for run in waiting)
        return max(total / workers, *rest, 0.0)

    def _take(self) -> Run:
        costs = self._costs({})
        usual = fmean(costs.values() or [0.0])

        def place(run: Run) -> tuple[bool, float]:
            kind = _kind(run)
            return kind not in costs and kind not in self._started, costs.get(kind, usual)

        run = max(self._pending, key=place)
        self._pending.remove(run)
        return run

    def _costs(self, under_way: Mapping[Kind, list[float]]) -> dict[Kind, float]:
        """Seconds of a run of each kind of which something is known: best what runs took here."""
        measured = {kind: fmean(seconds) for kind, seconds in self._seconds.items()}
        both = measured.keys() & self._expected.keys()
        pace = 1.0
        if both:  # how much slower this machine is than those of the stored runs
            pace = sum(measured[kind] for kind in both) / sum(self._expected[one] for one in both)
        return {
            **{kind: fmean(seconds) for kind, seconds in under_way.items()},
            **{kind: pace * seconds for kind, seconds in self._expected.items()},
            **measured,
        }


def _kind(run: Run) -> Kind:
    return run.scenario, run.baseline, run.setting


def _expected(runs: Iterable[Run], expected: Callable[[Run], float | None]) -> dict[Kind, float]:
    """What a run of each kind will take, of those of which something is stored."""
    seconds = {_kind(run): expected(run) for run in runs}
    return {kind: one for kind, one in seconds.items() if one}
