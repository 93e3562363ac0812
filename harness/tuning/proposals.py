"""What to try next: a Sobol design, then the Tree-structured Parzen Estimator (TPE) of Optuna.

Bergstra et al., Algorithms for hyper-parameter optimization, NeurIPS 2011. Proposals are a function
of the space and of the trials before, so that an interrupted study goes on as it would have.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
)
from optuna.samplers import BaseSampler, QMCSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from baselines.interface import Baseline, Choices, Range
from harness.config.search_spaces import Space
from harness.config.settings import Setting, declared
from harness.storage.studies import Trial

DESIGN: Final = 8
"""Trials of the Sobol design, with the default."""

BATCH: Final = 4
"""Trials of each batch thereafter."""

_SEED: Final = 0


def sampler() -> dict[str, Any]:
    """All that decides the proposals beside the space and the trials, for a study's record."""
    return {
        "name": "Sobol design, then TPE",
        "optuna": optuna.__version__,
        "seed": _SEED,
        "design": DESIGN,
        "batch": BATCH,
    }


def propose(
    method: type[Baseline],
    space: Space,
    before: Sequence[Trial],
    number: int,
    defaults: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Settings for so many new trials; numbers have two significant digits.

    Args:
        method: what is tuned.
        space: what is searched.
        before: planned trials that have ended.
        number: of trials.
        defaults: the first trial, where they are in the space.
    """
    known = declared(method)
    distributions = {name: distribution(one) for name, one in space.items()}
    frozen = [_frozen(trial, distributions) for trial in before]
    first = not before and all(_contains(space[name], value) for name, value in defaults.items())
    return ask(known, space, frozen, number, _sampler(len(before)), defaults if first else None)


def ask(
    known: Mapping[str, Setting],
    space: Space,
    before: Sequence[FrozenTrial],
    number: int,
    sampler: BaseSampler,
    first: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """What a sampler of Optuna proposes after some trials; numbers have two significant digits.

    Args:
        known: every setting that is searched, by name.
        space: what is searched of each.
        before: trials that have ended.
        number: of settings to propose.
        sampler: proposes them; higher values are better.
        first: settings to begin with; None for those of the sampler.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions = {name: distribution(one) for name, one in space.items()}
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.add_trials(before)
    if first is not None:
        study.enqueue_trial(dict(first))
    asked = [study.ask(distributions).params for _ in range(number)]
    return [
        {name: _value(known[name], one, params[name]) for name, one in space.items()}
        for params in asked
    ]


def rounded(setting: Setting, number: float) -> float:
    """A number with two significant digits, or the nearest whole one where it must be whole.

    Args:
        setting: whose value it is.
        number: not rounded.
    """
    shorter = float(f"{number:.2g}")
    return shorter if float in setting.types else round(shorter)


def _sampler(trials: int) -> BaseSampler:
    """The sampler after so many trials; each batch draws other random numbers."""
    if trials:
        return TPESampler(n_startup_trials=0, seed=_SEED + trials)
    with warnings.catch_warnings(action="ignore", category=optuna.exceptions.ExperimentalWarning):
        return QMCSampler(scramble=True, seed=_SEED, warn_independent_sampling=False)


def distribution(searched: Range | Choices) -> BaseDistribution:
    """What is searched of a setting, as Optuna knows it; numbers on a logarithmic scale."""
    if isinstance(searched, Choices):
        return CategoricalDistribution(searched.values)
    return FloatDistribution(searched.low, searched.high, log=True)


def _contains(searched: Range | Choices, value: Any) -> bool:
    if isinstance(searched, Choices):
        return value in searched.values
    return isinstance(value, int | float) and searched.low <= value <= searched.high


def _frozen(trial: Trial, distributions: Mapping[str, BaseDistribution]) -> FrozenTrial:
    """The trial as Optuna knows it; TPE takes pruned ones for worse than all others."""
    first = {0: trial.runs[0].value}
    return create_trial(
        params=dict(trial.settings),
        distributions=dict(distributions),
        intermediate_values=first,
        state=TrialState.PRUNED if trial.pruned else TrialState.COMPLETE,
        value=None if trial.pruned else trial.value,
    )


def _value(setting: Setting, searched: Range | Choices, proposed: Any) -> Any:
    """What is tried in place of what was proposed: the default as it is, numbers rounded."""
    if isinstance(searched, Choices) or proposed == setting.default:
        return proposed
    return min(max(rounded(setting, proposed), searched.low), searched.high)
