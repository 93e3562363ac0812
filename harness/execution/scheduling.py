"""Which run to start next, and how long the rest will take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
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
    """The runs still to start.

    The first run of every method comes first, because it shows what the method costs; then the
    longest, so that no worker is left alone with a long run at the end.
    """

    def __init__(self, runs: Iterable[Run]) -> None:
        self._pending = list(runs)
        self._started: set[str] = set()
        self._seconds: dict[str, list[float]] = defaultdict(list)

    def __bool__(self) -> bool:
        return bool(self._pending)

    def next(self) -> Run:
        """Take the run to start now.

        Raises:
            ValueError: none is left.
        """
        costs = _means(self._seconds)
        run = max(
            self._pending,
            key=lambda run: (run.baseline not in self._started, _cost(run, costs)),
        )
        self._pending.remove(run)
        self._started.add(run.baseline)
        return run

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
        total = sum(rest) + sum(_cost(run, costs) for run in self._pending)
        return max(total / workers, *rest, 0.0)


def _means(seconds: Mapping[str, list[float]]) -> dict[str, float]:
    return {method: fmean(values) for method, values in seconds.items()}


def _cost(run: Run, costs: Mapping[str, float]) -> float:
    """Seconds of a run of its method, or of the mean method while that has none."""
    return costs.get(run.baseline) or fmean(costs.values() or [0.0])
