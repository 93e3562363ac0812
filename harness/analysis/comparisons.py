"""What counts of a benchmark and profile, cut into comparisons that one table may hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from harness.config.run import Run
from harness.config.scenarios import SCENARIOS
from harness.storage.store import Results

NORM: Final = "training.norm"
OUTPUTS: Final = "training.outputs"
CLASS_ORDER: Final = "training.class_order"
FACTORS: Final = (NORM, OUTPUTS, CLASS_ORDER)
"""Parts of the training budget that make it another comparison, whatever the method."""

Factors = Mapping[str, Any]
"""Values of `FACTORS` that are not a scenario's own, by these names."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs that were asked the same: of one scenario, and with the same `FACTORS`.

    Attributes:
        scenario: of all runs (`harness.config.scenarios`).
        results: the runs, with those that did not finish.
        factors: of all runs; empty where each has the scenario's own.
    """

    scenario: str
    results: Results
    factors: Factors = field(default_factory=dict)


def comparisons(results: Results) -> list[Comparison]:
    """The comparisons with a finished run, in the order of the scenarios.

    Of each scenario, the one with its own factors comes first; runs that were asked for another
    one, such as no normalisation for any method, are comparisons of their own.

    Args:
        results: of `harness.analysis.selection.select`.
    """
    return [found for scenario in SCENARIOS for found in _of_scenario(results, scenario)]


def factors_of(run: Run) -> Factors:
    """The factors that a run was given instead of its scenario's own."""
    return {name: run.overrides[name] for name in FACTORS if name in run.overrides}


def variant_of(run: Run) -> dict[str, Any]:
    """What a run was given instead of its benchmark's settings, but for `factors_of`."""
    return {name: value for name, value in run.overrides.items() if name not in FACTORS}


def without_variants(comparison: Comparison) -> Comparison:
    """The runs with the benchmark's own settings; all of them where none of these has finished.

    A variant is another method to the eye and to the statistics: beside the others it would lead
    a table, and count among the hypotheses of Holm's correction.
    """
    results = comparison.results
    own = results.only([one for one in results.records if not variant_of(one.run)])
    return replace(comparison, results=own) if own.finished else comparison


def _of_scenario(results: Results, scenario: str) -> Iterator[Comparison]:
    records = [record for record in results.records if record.run.scenario == scenario]
    asked: dict[str, Factors] = {}
    for record in sorted(records, key=lambda one: len(factors_of(one.run))):
        asked.setdefault(str(factors_of(record.run)), factors_of(record.run))
    for factors in asked.values():
        chosen = results.only([one for one in records if factors_of(one.run) == factors])
        if chosen.finished:
            yield Comparison(scenario, chosen, factors)
