"""What is tried next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log10
from typing import Any, ClassVar

import pytest

from baselines.interface import Baseline, Choices, Range, setting
from baselines.registry import methods
from harness.config.search_spaces import Space
from harness.config.settings import declared
from harness.storage.studies import Trial, TrialRun
from harness.tuning.proposals import BATCH, DESIGN, propose, rounded


@dataclass(frozen=True)
class Example(Baseline):
    name: ClassVar[str] = "example"
    title: ClassVar[str] = "Example"
    reference: ClassVar[str] = "none"

    strength: float = setting(0.125, "of a penalty", minimum=0, search=Range(1e-4, 1e4))
    units: int = setting(100, "of the layer", minimum=1, search=Range(1, 1000))
    mode: str = setting("a", "of it", search=Choices(("a", "b", "c")))

    def build(self, context: Any) -> Any:
        raise NotImplementedError


SPACE: Space = {
    "strength": Range(1e-4, 1e4),
    "units": Range(1, 1000),
    "mode": Choices(("a", "b", "c")),
}


def proposals(
    method: type[Baseline], space: Space, before: Sequence[Trial], number: int
) -> list[dict[str, Any]]:
    defaults = {name: declared(method)[name].default for name in space}
    return propose(method, space, before, number, defaults)


def ended(settings: list[dict[str, Any]], start: int = 0) -> list[Trial]:
    """Trials that are the better the nearer their strength is to 10."""
    return [
        Trial(number, one, (TrialRun(str(number), 0, (1 - abs(log10(one["strength"]) - 1) / 10,)),))
        for number, one in enumerate(settings, start)
    ]


def test_the_default_is_tried_first_as_it_is() -> None:
    first = proposals(Example, SPACE, [], DESIGN)[0]
    assert first == {"strength": 0.125, "units": 100, "mode": "a"}


def test_a_default_that_is_not_in_the_space_is_not_tried() -> None:
    space: Space = {"strength": Range(1, 10), "units": Range(1, 1000)}
    proposed = proposals(Example, space, [], DESIGN)
    assert len(proposed) == DESIGN
    assert all(1 <= one["strength"] <= 10 for one in proposed)


def test_the_first_trials_are_spread_over_the_whole_range() -> None:
    ewc = methods()["ewc"]
    proposed = proposals(ewc, {"ewc_lambda": Range(1.0, 1e6)}, [], DESIGN)
    exponents = sorted(log10(one["ewc_lambda"]) for one in proposed)
    assert exponents[0] < 1
    assert exponents[-1] > 5
    assert max(b - a for a, b in pairwise(exponents)) < 2


def test_numbers_have_two_digits_and_stay_in_the_space() -> None:
    trials = ended(proposals(Example, SPACE, [], DESIGN))
    for one in [
        *(trial.settings for trial in trials[1:]),
        *proposals(Example, SPACE, trials, BATCH),
    ]:
        assert one["strength"] == float(f"{one['strength']:.2g}")
        assert isinstance(one["units"], int)
        assert 1e-4 <= one["strength"] <= 1e4
        assert 1 <= one["units"] <= 1000
        assert one["mode"] in ("a", "b", "c")
    assert rounded(declared(Example)["units"], 123.4) == 120
    assert rounded(declared(Example)["strength"], 0.01234) == 0.012


def test_later_trials_are_nearer_to_the_best() -> None:
    trials = ended(proposals(Example, SPACE, [], DESIGN))
    while len(trials) < 24:
        trials += ended(proposals(Example, SPACE, trials, BATCH), len(trials))
    first, last = ([trial.value for trial in part] for part in (trials[:8], trials[-8:]))
    assert sum(last) > sum(first)


@pytest.mark.parametrize("before", [0, DESIGN])
def test_proposals_follow_from_the_trials_before(before: int) -> None:
    trials = ended(proposals(Example, SPACE, [], DESIGN))[:before]
    assert proposals(Example, SPACE, trials, BATCH) == proposals(Example, SPACE, trials, BATCH)


def test_each_batch_draws_other_values() -> None:
    trials = ended(proposals(Example, SPACE, [], DESIGN))
    trials += ended(proposals(Example, SPACE, trials, BATCH), DESIGN)
    tried = {trial.settings["strength"] for trial in trials}
    assert len({one["strength"] for one in proposals(Example, SPACE, trials, BATCH)} | tried) > 13


def test_pruned_trials_are_taken_for_worse() -> None:
    """A trial that did well with its first seed alone draws no others near it."""
    settings = [{"strength": 10.0 ** (n - 4)} for n in range(8)]
    space: Space = {"strength": Range(1e-4, 1e4)}
    trials = [
        Trial(n, one, (TrialRun(str(n), 0, (0.9 if n < 2 else 0.5,)),), pruned=n < 2)
        for n, one in enumerate(settings)
    ]
    proposed = proposals(Example, space, trials, BATCH)
    assert sum(one["strength"] > 1e-2 for one in proposed) >= 3
