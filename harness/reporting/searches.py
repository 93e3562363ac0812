"""Searches over settings, by whichever command, as charts show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from baselines.interface import Choices, Range
from harness.config.search_spaces import recorded_space
from harness.config.study_file import StudyPlan
from harness.storage.studies import Study
from harness.tuning.trials import StudyTrial, best


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial.

    Attributes:
        number: of the trial, from 0.
        settings: those that were searched.
        accuracy: on held-out training data, a share.
        whole: whether it had all its seeds and tasks.
        seeds: accuracy with each seed, where they are known apart.
    """

    number: int
    settings: Mapping[str, Any]
    accuracy: float
    whole: bool
    seeds: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Searched:
    """A search over the settings of a method.

    Attributes:
        title: what was searched.
        space: what was searched of each setting to begin with.
        trials: in the order of their numbers.
        best: number of the trial that was chosen; None if there is none yet.
    """

    title: str
    space: Mapping[str, Range | Choices]
    trials: Sequence[Tried]
    best: int | None

    @property
    def chosen(self) -> Tried | None:
        """The best trial."""
        return next((trial for trial in self.trials if trial.number == self.best), None)


def of_tuning(study: Study) -> Searched:
    """What `harness.tune` tried of a method in a scenario."""
    return Searched(
        f"{study.method}, {study.scenario}, norm {study.norm}",
        recorded_space(study.space),
        [
            Tried(
                one.number,
                one.settings,
                one.value,
                not one.pruned,
                [run.value for run in one.runs],
            )
            for one in study.trials
        ],
        study.chosen,
    )


def of_study(plan: StudyPlan, trials: Sequence[StudyTrial]) -> Searched:
    """What `harness.study` tried.

    Args:
        plan: of the study.
        trials: of it.
    """
    chosen = best(plan, trials)
    return Searched(
        plan.name,
        plan.space,
        [
            Tried(
                one.number, one.settings, one.accuracies[-1], len(one.accuracies) == len(plan.rungs)
            )
            for one in trials
        ],
        chosen.number if chosen else None,
    )
