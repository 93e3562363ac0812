"""What runs will cost, by what stored runs of the same methods have taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from harness.config.run import Run
from harness.storage.record import Record


@dataclass(frozen=True, slots=True)
class Cost:
    """The time that runs are expected to take, one after the other.

    Attributes:
        runs: number of runs.
        untimed: how many of them nothing is known of; they are not counted.
        seconds: of all others.
        longest: seconds of the longest run; no number of workers makes all of them in less.
    """

    runs: int
    untimed: int
    seconds: float
    longest: float


def total(seconds: Iterable[float | None]) -> Cost:
    """The cost of runs of which each takes so many seconds; None where that is not known."""
    asked = list(seconds)
    known = [one for one in asked if one is not None]
    return Cost(len(asked), len(asked) - len(known), sum(known), max(known, default=0.0))


class Timings:
    """The seconds that stored runs of one benchmark and profile have taken on one kind of device.

    Args:
        records: of the runs; those that did not finish, or were made on another kind of device,
            say nothing.
        device: "cpu" or "cuda".
    """

    def __init__(self, records: Iterable[Record], device: str) -> None:
        self._same: dict[str, list[float]] = defaultdict(list)
        self._in_scenario: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._an_epoch: dict[tuple[str, ...], list[float]] = defaultdict(list)
        for record in records:
            if record.status == "finished" and _timed_on(device, record.provenance):
                run, seconds = record.run, float(record.provenance["seconds"])
                self._same[_but_for_the_seed(run)].append(seconds)
                if not run.overrides:
                    self._in_scenario[run.scenario, run.baseline].append(seconds)
                for key in ((run.scenario, run.baseline), (run.baseline,)):
                    self._an_epoch[key].append(seconds / _epochs(run.training))

    def of(self, run: Run) -> float | None:
        """What a run will take: the mean of its other seeds.

        Without those, of its method in its scenario, else in any, as if time went with the epochs.

        Args:
            run: to make.

        Returns:
            Seconds; None where no run of the method has finished.
        """
        if same := self._same.get(_but_for_the_seed(run)):
            return fmean(same)
        for key in ((run.scenario, run.baseline), (run.baseline,)):
            if rates := self._an_epoch.get(key):
                return fmean(rates) * _epochs(run.training)
        return None

    def of_method(self, scenario: str, method: str) -> float | None:
        """Mean seconds of a method's runs in a scenario, of those with the benchmark's settings.

        Args:
            scenario: its name.
            method: its name.

        Returns:
            Seconds; None if none has finished.
        """
        taken = self._in_scenario.get((scenario, method))
        return fmean(taken) if taken else None


def _timed_on(device: str, provenance: Mapping[str, Any]) -> bool:
    return "seconds" in provenance and provenance.get("device") == device


def _but_for_the_seed(run: Run) -> str:
    return str({name: value for name, value in run.identity.items() if name != "seed"})


def _epochs(training: Mapping[str, Any]) -> int:
    return int(training.get("epochs", 1))
