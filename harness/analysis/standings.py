"""Every method on every benchmark in each scenario: what a leaderboard of all shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any, Final

import pandas as pd

from harness.analysis.comparisons import Comparison, comparisons
from harness.analysis.leaderboard import leaderboard
from harness.analysis.selection import select
from harness.config.benchmarks import BENCHMARKS
from harness.storage import store

COLUMNS: Final = (
    *("scenario", "benchmark", "baseline", "method", "seeds"),
    *("mean", "half_width", "best", "needs"),
)
"""Of the table of standings."""


NEEDS_JOINED_BY: Final = "; "


@dataclass(frozen=True, slots=True)
class Standings:
    """Average accuracies after the last task of methods with a benchmark's own settings.

    Attributes:
        table: one row a scenario, benchmark and method, with the columns `COLUMNS`: `method` as
            printed, `mean` and `half_width` of the 95 % interval as shares, `best` whether it is
            not to be told from the best, `needs` what the method declared to need, joined by
            `NEEDS_JOINED_BY`.
        damaged: folders and files that could not be read, with the reason.
    """

    table: pd.DataFrame
    damaged: Mapping[Path, str]


def standings(results: Path, profile: str) -> Standings:
    """The standings under a profile, benchmarks in the order of `BENCHMARKS`.

    Runs with another normalisation or other outputs than the scenario's own are left out.

    Args:
        results: folder of all results.
        profile: its name.
    """
    damaged: dict[Path, str] = {}
    rows: list[dict[str, Any]] = []
    for benchmark in reported_benchmarks(results, profile):
        found = select(store.read(results, benchmark, profile))
        damaged |= found.damaged
        for comparison in comparisons(found):
            if not comparison.factors:
                rows += _rows(comparison)
    return Standings(pd.DataFrame(rows, columns=list(COLUMNS)), damaged)


def reported_benchmarks(results: Path, profile: str) -> list[str]:
    """The known benchmarks with runs under a profile, in the order of `BENCHMARKS`.

    Args:
        results: folder of all results.
        profile: its name.
    """
    stored = {benchmark for benchmark, of in store.contents(results) if of == profile}
    return [name for name in BENCHMARKS if name in stored]


def _rows(comparison: Comparison) -> Iterator[dict[str, Any]]:
    board = leaderboard(comparison)
    column = board.column("acc")
    needs = {
        record.run.baseline: NEEDS_JOINED_BY.join(
            _needs(record.method.supervision, record.method.requirements)
        )
        for record in comparison.results.records
    }
    for entry in board.entries:
        cell = entry.cells[column]
        if entry.setting or isnan(cell.mean):
            continue
        yield {
            "scenario": board.scenario,
            "benchmark": board.benchmark,
            "baseline": entry.baseline,
            "method": entry.title,
            "seeds": cell.seeds,
            "mean": cell.mean,
            "half_width": cell.half_width,
            "best": cell.best,
            "needs": needs[entry.baseline],
        }


def _needs(supervision: str, requirements: Iterable[str]) -> list[str]:
    """What it has to know while it learns, and what of strict continual learning it gives up."""
    return [text for text in (supervision, *requirements) if text]
