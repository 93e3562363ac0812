"""What runs will cost, by what stored runs of the same methods have taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from harness.storage.record import Record


@dataclass(frozen=True, slots=True)
class Cost:
    """The time that runs are expected to take, one after the other.

    Attributes:
        runs: number of runs.
        untimed: how many of them are of methods without a finished run, and are not counted.
        seconds: of all others.
        longest: seconds of the longest run; no number of workers makes all of them in less.
    """

    runs: int
    untimed: int
    seconds: float
    longest: float


def expected_cost(methods: Iterable[str], records: Iterable[Record]) -> Cost:
    """The cost of a run for each name, as if each took what its method has taken on average.

    Args:
        methods: name of each run's method, so that one with five seeds stands there five times.
        records: stored runs of the same benchmark and profile.
    """
    taken: dict[str, list[float]] = defaultdict(list)
    for record in records:
        if record.status == "finished" and "seconds" in record.provenance:
            taken[record.run.baseline].append(record.provenance["seconds"])
    names = list(methods)
    costs = [fmean(taken[name]) for name in names if name in taken]
    return Cost(
        runs=len(names),
        untimed=len(names) - len(costs),
        seconds=sum(costs),
        longest=max(costs, default=0.0),
    )
