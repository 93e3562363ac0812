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


def expected_cost(runs: Iterable[tuple[str, str]], records: Iterable[Record]) -> Cost:
    """The cost of runs, as if each took what its method has taken in its scenario on average.

    Args:
        runs: scenario and method of each, so that one with five seeds stands there five times.
        records: stored runs of the same benchmark and profile.
    """
    taken: dict[tuple[str, str], list[float]] = defaultdict(list)
    for record in records:
        if record.status == "finished" and "seconds" in record.provenance:
            of = record.run.scenario, record.run.baseline
            taken[of].append(record.provenance["seconds"])
    asked = list(runs)
    costs = [fmean(taken[of]) for of in asked if of in taken]
    return Cost(
        runs=len(asked),
        untimed=len(asked) - len(costs),
        seconds=sum(costs),
        longest=max(costs, default=0.0),
    )
