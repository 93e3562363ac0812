"""The trials of a study from the runs that are stored, and the runs that it needs to go on; pure.

Nothing is kept of a study beside its runs: every trial follows from the outcomes of those before
it. With successive halving (ASHA; Li et al., A system for massively parallel hyperparameter tuning,
MLSys 2020) a trial is first run over few tasks; whenever a batch has ended, the best third of all
that have come as far goes on to three times as many. A longer run begins anew, so that each is a
stored run like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from statistics import fmean
from typing import Any, Final

from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from harness.config.run import Run
from harness.config.study_file import REDUCTION, StudyPlan
from harness.tuning.ended_runs import MissingError, Outcomes, ended
from harness.tuning.proposals import BATCH, DESIGN, ask, distribution

_SEED: Final = 0


@dataclass(frozen=True, slots=True)
class StudyTrial:
    """Settings that were tried.

    Attributes:
        number: of the trial, from 0.
        settings: those that were searched, by their names in the file.
        accuracies: mean over the seeds of the average accuracy, after each of the study's rungs
            that the trial has come to.
    """

    number: int
    settings: Mapping[str, Any]
    accuracies: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a study is.

    Attributes:
        trials: those that have ended, or wait for more tasks, in the order of their numbers.
        missing: runs whose outcomes it needs to go on; none when it is finished.
    """

    trials: Sequence[StudyTrial] = ()
    missing: Sequence[Run] = field(default_factory=list)


def progress(plan: StudyPlan, outcomes: Outcomes) -> Progress:
    """A study as far as it can be known.

    Args:
        plan: what is searched.
        outcomes: of the runs that have ended, and perhaps of others.

    Raises:
        SettingError: the stream does not allow a setting that is proposed.
    """
    trials: list[StudyTrial] = []
    try:
        while len(trials) < plan.trials:
            number = min(BATCH if trials else DESIGN, plan.trials - len(trials))
            proposed = _propose(plan, trials, number)
            values = _values(plan, outcomes, proposed, plan.rungs[0])
            trials += [
                StudyTrial(len(trials) + place, settings, (value,))
                for place, (settings, value) in enumerate(zip(proposed, values, strict=True))
            ]
            _promote(plan, outcomes, trials, fewest=0)
        _promote(plan, outcomes, trials, fewest=1)  # some trial has to see the whole stream
    except MissingError as error:
        return Progress(trials, error.runs)
    return Progress(trials)


def best(plan: StudyPlan, trials: Sequence[StudyTrial]) -> StudyTrial | None:
    """The best of the trials that have seen the whole stream; None if none has.

    Args:
        plan: of the study.
        trials: of it.
    """
    whole = [trial for trial in trials if len(trial.accuracies) == len(plan.rungs)]
    return max(whole, key=lambda trial: trial.accuracies[-1], default=None)


def frozen(plan: StudyPlan, trials: Sequence[StudyTrial]) -> list[FrozenTrial]:
    """Trials as Optuna knows them; those that were stopped are pruned after so many tasks.

    Args:
        plan: of the study.
        trials: of it.
    """
    distributions = {name: distribution(one) for name, one in plan.space.items()}
    made = []
    for trial in trials:
        stopped = len(trial.accuracies) < len(plan.rungs)
        made.append(
            create_trial(
                params=dict(trial.settings),
                distributions=distributions,
                intermediate_values=dict(zip(plan.rungs, trial.accuracies, strict=False)),
                state=TrialState.PRUNED if stopped else TrialState.COMPLETE,
                value=None if stopped else trial.accuracies[-1],
            )
        )
    return made


def _propose(plan: StudyPlan, trials: Sequence[StudyTrial], number: int) -> list[dict[str, Any]]:
    if plan.sampler == "grid":
        return plan.grid()[len(trials) : len(trials) + number]
    before = frozen(plan, trials)
    return ask(plan.known, plan.space, before, number, _sampler(plan, len(trials)))


def _sampler(plan: StudyPlan, trials: int) -> BaseSampler:
    """The sampler after so many trials; each batch draws other random numbers."""
    if plan.sampler == "random" or not trials:
        return RandomSampler(seed=_SEED + trials)
    return TPESampler(n_startup_trials=0, seed=_SEED + trials)


def _promote(plan: StudyPlan, outcomes: Outcomes, trials: list[StudyTrial], *, fewest: int) -> None:
    """Let the best trials of each rung go on to the next one.

    Args:
        plan: of the study.
        outcomes: of runs.
        trials: so far; those that go on are replaced.
        fewest: so many go on at least, where one of each rung in `REDUCTION` would be fewer.

    Raises:
        MissingError: runs of those that go on have no outcome.
    """
    for rung, tasks in enumerate(plan.rungs[1:], start=1):
        here = [trial for trial in trials if len(trial.accuracies) >= rung]
        ranked = sorted(here, key=lambda trial: -trial.accuracies[rung - 1])  # stable
        chosen = ranked[: max(fewest, len(here) // REDUCTION)]
        going = [trial for trial in chosen if len(trial.accuracies) == rung]
        values = _values(plan, outcomes, [trial.settings for trial in going], tasks)
        for trial, value in zip(going, values, strict=True):
            trials[trial.number] = replace(trial, accuracies=(*trial.accuracies, value))


def _values(
    plan: StudyPlan, outcomes: Outcomes, settings: Sequence[Mapping[str, Any]], tasks: int
) -> list[float]:
    """Mean over the seeds of the average accuracy of each of some settings, after some tasks.

    Raises:
        MissingError: some of the runs have no outcome.
    """
    runs = [plan.run(one, seed, tasks) for one in settings for seed in range(plan.seeds)]
    each = iter(ended(runs, outcomes))
    return [fmean(run.value for run in islice(each, plan.seeds)) for _ in settings]
