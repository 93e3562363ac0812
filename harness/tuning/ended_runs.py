"""The runs of a search that have ended, or else those that have to be made first; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.config.run import Run
from harness.storage.studies import TrialRun

Outcomes = Mapping[str, tuple[float, ...]]
"""By the id of a run, its accuracy on each task after the last one; none if it diverged."""


class MissingError(Exception):
    """Runs have no outcome yet.

    Args:
        runs: which.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        super().__init__(runs)
        self.runs = runs


def ended(runs: Sequence[Run], outcomes: Outcomes) -> list[TrialRun]:
    """What came of some runs, in their order.

    Args:
        runs: perhaps some twice.
        outcomes: of the runs that have ended, and perhaps of others.

    Raises:
        MissingError: some have not ended.
    """
    missing = {run.id: run for run in runs if run.id not in outcomes}
    if missing:
        raise MissingError(list(missing.values()))
    return [TrialRun(run.id, run.seed, outcomes[run.id]) for run in runs]
