"""Every method on every benchmark in each scenario: what a leaderboard of all shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any, Final

import pandas as pd

from harness.analysis.columns import Column, cells_of
from harness.analysis.comparisons import Comparison, comparisons
from harness.analysis.derivation import derive
from harness.analysis.run_filter import EVERYTHING, RunFilter
from harness.analysis.selection import select, under_default_rule
from harness.config.benchmark_registry import benchmarks
from harness.storage import store
from harness.storage.listing import LEVELS, unlisted
from harness.storage.store import Results

COLUMNS: Final = (
    *("scenario", "benchmark", "baseline", "method", "seeds"),
    *("mean", "half_width", "best", "needs"),
)
"""Of the table of standings."""

NEEDS_JOINED_BY: Final = "; "

_ACCURACY: Final = "acc"


@dataclass(frozen=True, slots=True)
class Standings:
    """Average accuracies after the last task of methods with a benchmark's own settings.

    Attributes:
        profile: its name.
        table: one row a scenario, benchmark and method, with the columns `COLUMNS`: `method` as
            printed, `mean` and `half_width` of the 95 % interval as shares, `best` whether it is
            not to be told from the best, `needs` what the method declared to need, joined by
            `NEEDS_JOINED_BY`.
        asked: which of the runs.
        shown: which of the runs of each benchmark that has a finished one, benchmarks in the order
            of `harness.config.benchmark_registry.benchmarks`.
        damaged: folders and files that could not be read, with the reason.
        diverged: number of seeds that are in no mean because they diverged, by the titles of the
            method and the benchmark, and the scenario.
    """

    profile: str
    table: pd.DataFrame
    asked: RunFilter
    shown: Mapping[str, RunFilter]
    damaged: Mapping[Path, str]
    diverged: Mapping[tuple[str, str, str], int]


def standings(results: Path, profile: str, asked: RunFilter = EVERYTHING) -> Standings:
    """The standings under a profile.

    Runs with another normalisation or other outputs than the scenario's own are left out.

    Args:
        results: folder of all results.
        profile: its name.
        asked: which of the runs.

    Raises:
        UnknownNameError: no run of any benchmark is of a method, or has a setting, that is asked
            for.
    """
    stored = {name for name, of in store.contents(results) if of == profile}
    read = {
        name: select(store.read(results, name, profile)) for name in benchmarks() if name in stored
    }
    records = [record for one in read.values() for record in one.records]
    asked = asked.checked(Results(records=records)) if records else asked
    damaged = unlisted(results, LEVELS)
    shown: dict[str, RunFilter] = {}
    rows: list[dict[str, Any]] = []
    diverged: Counter[tuple[str, str, str]] = Counter()
    for benchmark, all_runs in read.items():
        of_benchmark = asked.within(all_runs)
        damaged |= all_runs.damaged
        for comparison in comparisons(of_benchmark.of(all_runs)):
            shown[benchmark] = of_benchmark
            if not comparison.factors:
                rows += _rows(comparison)
                diverged.update(_diverged(comparison))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return Standings(profile, table, asked, shown, damaged, diverged)


ORDER_NOTE: Final = (
    "Methods stand in the order of the share of their comparisons, each with another method on a "
    "benchmark that both were measured on, in which they have the higher mean. That is no result: "
    "methods were measured on different benchmarks."
)
"""What a table in the order `by_wins` says of it."""


def by_wins(table: pd.DataFrame) -> list[str]:
    """Names of methods in the order of the share of comparisons that they win, the most first.

    A comparison is with one other method on one benchmark; equal means are half a win. A method
    that is alone on its benchmarks stands last.

    Args:
        table: a row a benchmark and method, with the columns benchmark, baseline and mean; one that
            was not measured (NaN) counts for nothing.

    >>> table = pd.DataFrame(
    ...     {"benchmark": ["x", "x", "x", "y", "y"], "baseline": ["a", "b", "c", "b", "c"],
    ...      "mean": [0.9, 0.8, 0.7, 0.5, 0.6]}
    ... )
    >>> by_wins(table)  # a wins 2 of 2; b 1 of 3; c 1 of 3, and stands after b as in the table
    ['a', 'b', 'c']
    """
    means = table.groupby("benchmark")["mean"]
    wins = means.rank() - 1
    others = means.transform("count") - 1
    totals = pd.DataFrame({"wins": wins, "others": others.where(wins.notna())})
    sums = totals.groupby(table["baseline"], sort=False).sum()
    share = sums["wins"] / sums["others"]
    return list(share.sort_values(ascending=False, kind="stable").index)


def _rows(comparison: Comparison) -> Iterator[dict[str, Any]]:
    """Of the methods with a benchmark's own settings, the best accuracy first."""
    finished = comparison.results.finished
    derived = derive(comparison.results.rows, [_ACCURACY])
    column = Column(_ACCURACY, comparison.scenario)
    found = cells_of(under_default_rule(derived, finished), [column])
    cells = {method: of[column] for (method, setting), of in found.items() if not setting}
    usual = {record.run.baseline: record for record in finished if not record.run.setting}
    measured = [(method, cell) for method, cell in cells.items() if not isnan(cell.mean)]
    for method, cell in sorted(measured, key=lambda one: -one[1].mean):
        record = usual[method]
        declared = record.method
        yield {
            "scenario": comparison.scenario,
            "benchmark": record.run.benchmark,
            "baseline": method,
            "method": declared.title,
            "seeds": cell.seeds,
            "mean": cell.mean,
            "half_width": cell.half_width,
            "best": cell.best,
            "needs": NEEDS_JOINED_BY.join(_needs(declared.supervision, declared.requirements)),
        }


def _diverged(comparison: Comparison) -> Iterator[tuple[str, str, str]]:
    """Titles of method and benchmark, and the scenario, of each run that would be in a mean."""
    for record in comparison.results.records:
        if record.status == "diverged" and not record.run.setting:
            title = benchmarks()[record.run.benchmark].title
            yield record.method.title, title, comparison.scenario


def _needs(supervision: str, requirements: Iterable[str]) -> list[str]:
    """What it has to know while it learns, and what of strict continual learning it gives up."""
    return [text for text in (supervision, *requirements) if text]
