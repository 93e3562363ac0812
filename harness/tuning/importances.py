"""How much each setting decides of a study's values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import optuna
from optuna.importance import FanovaImportanceEvaluator
from optuna.trial import TrialState, create_trial

from harness.config.study_file import StudyPlan
from harness.tuning.proposals import distribution
from harness.tuning.trials import StudyTrial

_FEWEST: Final = 4
"""Of fewer trials nothing can be said."""


def importances(plan: StudyPlan, trials: Sequence[StudyTrial]) -> dict[str, float]:
    """Share of the variance of the values that each setting explains by itself, largest first.

    By functional analysis of variance over a random forest (Hutter, Hoos & Leyton-Brown, ICML
    2014). What is explained by several settings together alone is in no share. The values are those
    after the first rung, which all trials have: after more tasks they could not be compared.

    Args:
        plan: of the study.
        trials: of it.

    Returns:
        Shares that add up to one at most; empty for few trials, or where all have one value.
    """
    values = {trial.accuracies[0] for trial in trials}
    if len(trials) < _FEWEST or len(values) < 2:
        return {}
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions = {name: distribution(one) for name, one in plan.space.items()}
    study = optuna.create_study(direction="maximize")
    for trial in trials:
        study.add_trial(
            create_trial(
                params=dict(trial.settings),
                distributions=distributions,
                state=TrialState.COMPLETE,
                value=trial.accuracies[0],
            )
        )
    shares = FanovaImportanceEvaluator(seed=0).evaluate(study)
    return dict(sorted(shares.items(), key=lambda one: -one[1]))
