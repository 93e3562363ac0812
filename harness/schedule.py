"""Which run to start next, and how long the rest will take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean

from harness.run import Run


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
        run = max(
            self._pending, key=lambda run: (run.baseline not in self._started, self._cost(run))
        )
        self._pending.remove(run)
        self._started.add(run.baseline)
        return run

    def measured(self, run: Run, seconds: float) -> None:
        """Learn what a finished run took."""
        self._seconds[run.baseline].append(seconds)

    def remaining(self, under_way: Iterable[tuple[Run, float]], workers: int) -> float | None:
        """Estimated seconds until everything is done; None before anything was measured.

        Args:
            under_way: the runs that workers are at, with the seconds spent on each.
            workers: number of workers.
        """
        if not self._seconds:
            return None
        rest = [max(self._cost(run) - spent, 0.0) for run, spent in under_way]
        total = sum(rest) + sum(map(self._cost, self._pending))
        return max(total / workers, *rest, 0.0)

    def _cost(self, run: Run) -> float:
        """Mean seconds of the method's finished runs, or of everybody's while it has none."""
        everything = [value for values in self._seconds.values() for value in values]
        return fmean(self._seconds.get(run.baseline) or everything or [0.0])
