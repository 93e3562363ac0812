"""A study from the runs that are stored, and the runs that it needs to go on; pure.

Nothing is kept of a study that is not finished: every trial follows from the outcomes of those
before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from statistics import fmean
from typing import Any, Final

from baselines.interface import Choices
from harness.config.run import Run
from harness.config.search_spaces import Search, space_record
from harness.config.settings import declared
from harness.storage.studies import Study, Trial, TrialRun
from harness.tuning.ended_runs import MissingError, Outcomes, ended
from harness.tuning.proposals import BATCH, DESIGN, propose, rounded, sampler

EXTENSIONS: Final = 4
"""So often, at most, values beyond those before are tried."""

_DECADE: Final = [10 ** (step / BATCH) for step in range(1, BATCH + 1)]
"""Factors of the values beyond an edge."""

_NEAR: Final = 1.5
"""A value is at the edge within this factor of the outermost one: less than from step to step."""


@dataclass(frozen=True, slots=True)
class Replay:
    """How far a study is.

    Attributes:
        study: if all its runs have ended.
        missing: runs whose outcomes it needs to go on.
    """

    study: Study | None = None
    missing: Sequence[Run] = field(default_factory=list)


def replay(search: Search, outcomes: Outcomes) -> Replay:
    """A study as far as it can be known.

    Args:
        search: what it is about.
        outcomes: of the runs that have ended, and perhaps of others.

    Raises:
        SettingError: the stream does not allow a setting that is proposed.
    """
    trials: list[Trial] = []
    try:
        while (planned := len(trials)) < search.trials:
            number = min(BATCH if trials else DESIGN, search.trials - planned)
            settings = propose(search.method, search.space, trials, number, search.beginning)
            trials += _batch(search, outcomes, settings, len(trials))
        for _ in range(EXTENSIONS):
            beyond = next(_beyond(search, trials), None)
            if beyond is None:
                break
            trials += _batch(search, outcomes, beyond.settings, len(trials), beyond.name)
    except MissingError as error:
        return Replay(missing=error.runs)
    return Replay(
        Study(
            benchmark=search.benchmark.name,
            scenario=search.scenario,
            norm=search.training.norm,
            method=search.method.name,
            training=search.training.identity(),
            space=space_record(search.space),
            sampler={
                **sampler(),
                "extensions": EXTENSIONS,
                "defaults": {**search.beginning, **(search.defaults or {})},
            },
            trials=tuple(trials),
            chosen=_best(trials).number,
            at_edge=(*(one.name for one in _beyond(search, trials)), *_outermost(search, trials)),
        )
    )


def _batch(
    search: Search,
    outcomes: Outcomes,
    batch: Sequence[Mapping[str, Any]],
    before: int,
    beyond: str = "",
) -> list[Trial]:
    """Trials with the first half of the seeds, and the better half of them with the others.

    Args:
        search: what the study is about.
        outcomes: of runs.
        batch: settings of each trial.
        before: number of trials before them.
        beyond: of the trials.

    Raises:
        MissingError: runs of the first seeds or of the others have no outcome.
    """
    half = -(-search.seeds // 2)
    first = _by_trial(search, outcomes, batch, range(half))
    means = [fmean(run.value for run in runs) for runs in first]
    ranked = sorted(range(len(batch)), key=lambda place: -means[place])  # stable
    kept = sorted(ranked[: -(-len(batch) // 2)]) if half < search.seeds else range(len(batch))
    rest = _by_trial(search, outcomes, [batch[place] for place in kept], range(half, search.seeds))
    more = dict(zip(kept, rest, strict=True))
    return [
        Trial(
            number=before + place,
            settings=settings,
            runs=(*first[place], *more.get(place, [])),
            pruned=place not in more,
            beyond=beyond,
        )
        for place, settings in enumerate(batch)
    ]


def _by_trial(
    search: Search, outcomes: Outcomes, batch: Sequence[Mapping[str, Any]], seeds: Sequence[int]
) -> list[list[TrialRun]]:
    """The runs of each of some settings with some seeds."""
    runs = [search.run(settings, seed) for settings in batch for seed in seeds]
    each = iter(ended(runs, outcomes))
    return [list(islice(each, len(seeds))) for _ in batch]


def _best(trials: Sequence[Trial]) -> Trial:
    """The best of those that have every seed; of several, the first."""
    return max((trial for trial in trials if not trial.pruned), key=lambda trial: trial.value)


@dataclass(frozen=True, slots=True)
class _Beyond:
    """Settings of trials with values of one setting beyond its outermost one so far."""

    name: str
    settings: Sequence[Mapping[str, Any]]


def _beyond(search: Search, trials: Sequence[Trial]) -> Iterator[_Beyond]:
    """What to try of each setting whose best value is at an edge, where it may go further."""
    best = _best(trials)
    known = declared(search.method)
    for name, searched in search.space.items():
        value, tried = best.settings[name], [trial.settings[name] for trial in trials]
        if isinstance(searched, Choices):
            outer = _further(searched, value, tried)
        else:
            outer = [rounded(known[name], one) for one in _decade(value, tried)]
        new = [one for one in dict.fromkeys(outer) if one not in tried and known[name].admits(one)]
        if new:
            yield _Beyond(name, [{**best.settings, name: one} for one in new])


def _further(choices: Choices, value: Any, tried: Sequence[Any]) -> list[float]:
    """What is to follow the values of a choice, on the side where its best one is the outermost."""
    return [one for one in choices.beyond if max(tried) == value < one or min(tried) == value > one]


def _decade(value: float, tried: Sequence[float]) -> list[float]:
    """A decade of numbers beyond the outermost one, where the best one is at it."""
    if value * _NEAR >= max(tried):
        return [max(tried) * factor for factor in _DECADE]
    if value / _NEAR <= min(tried):
        return [min(tried) / factor for factor in _DECADE]
    return []


def _outermost(search: Search, trials: Sequence[Trial]) -> Iterator[str]:
    """Settings whose best value is the smallest or the largest of the numbers to choose from."""
    best = _best(trials)
    for name, searched in search.space.items():
        values = (*searched.values, *searched.beyond) if isinstance(searched, Choices) else ()
        numbers = [one for one in values if type(one) in (int, float)]
        if numbers and best.settings[name] in (min(numbers), max(numbers)):
            yield name
