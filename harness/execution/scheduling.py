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


class Schedule:
    """The runs still to start; iterating takes them all, one after the other.

    The first run of every method comes first, because it shows what the method costs; then the
    longest, so that no worker is left alone with a long run at the end.

    Args:
        runs: to start, each once.
        claim: whether a run may be started after all; it is asked just before. A run that may not
            is left out: another command makes it (`harness.execution.sharing`).
    """

    def __init__(
        self, runs: Iterable[Run], claim: Callable[[Run], bool] = lambda run: True
    ) -> None:
        self._pending = list(runs)
        self._claim = claim
        self._returned: list[Run] = []
        self._started: set[str] = set()
        self._seconds: dict[str, list[float]] = defaultdict(list)

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
                self._started.add(run.baseline)
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
        self._seconds[run.baseline].append(seconds)

    def remaining(self, in_progress: Iterable[RunInProgress], workers: int) -> float | None:
        """Estimated seconds until everything is done; None before there is anything to go by.

        Methods without a finished run are judged by their runs in progress, as if testing took the
        same time after each epoch.

        Args:
            in_progress: the runs that workers are making.
            workers: number of workers.
        """
        going = list(in_progress)
        expected: dict[str, list[float]] = defaultdict(list)
        for one in going:
            if 0 < one.fraction < 1:  # after the last epoch nobody knows how long testing takes
                expected[one.run.baseline].append(one.seconds / one.fraction)
        costs = _means({**expected, **self._seconds})
        if not costs:
            return None
        rest = [max(_cost(one.run, costs) - one.seconds, 0.0) for one in going]
        total = sum(rest) + sum(_cost(run, costs) for run in (*self._returned, *self._pending))
        return max(total / workers, *rest, 0.0)

    def _take(self) -> Run:
        costs = _means(self._seconds)
        run = max(
            self._pending,
            key=lambda run: (run.baseline not in self._started, _cost(run, costs)),
        )
        self._pending.remove(run)
        return run


def _means(seconds: Mapping[str, list[float]]) -> dict[str, float]:
    return {method: fmean(values) for method, values in seconds.items()}


def _cost(run: Run, costs: Mapping[str, float]) -> float:
    """Seconds of a run of its method, or of the mean method while that has none."""
    return costs.get(run.baseline) or fmean(costs.values() or [0.0])
