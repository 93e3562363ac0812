"""Searches over settings, by whichever command, as charts show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from baselines.interface import Choices
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
    """

    number: int
    settings: Mapping[str, Any]
    accuracy: float
    whole: bool


@dataclass(frozen=True, slots=True)
class Searched:
    """A search over the settings of a method.

    Attributes:
        title: what was searched.
        choices: the values of each setting that has no range.
        trials: in the order of their numbers.
        best: number of the trial that was chosen; None if there is none yet.
    """

    title: str
    choices: Mapping[str, Sequence[Any]]
    trials: Sequence[Tried]
    best: int | None


def of_tuning(study: Study) -> Searched:
    """What `harness.tune` tried of a method in a scenario."""
    return Searched(
        f"{study.method}, {study.scenario}, norm {study.norm}",
        {name: one["values"] for name, one in study.space.items() if "values" in one},
        [Tried(one.number, one.settings, one.value, not one.pruned) for one in study.trials],
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
        {name: one.values for name, one in plan.space.items() if isinstance(one, Choices)},
        [
            Tried(
                one.number, one.settings, one.accuracies[-1], len(one.accuracies) == len(plan.rungs)
            )
            for one in trials
        ],
        chosen.number if chosen else None,
    )
