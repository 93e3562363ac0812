"""The numbers of a benchmark's report as tidy tables, one of means and one of seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import pandas as pd

from harness.analysis.leaderboard import LEADERBOARD, Column, Entry, Leaderboard, of_entry
from harness.analysis.metrics.definition import Unit

FRACTION: Final = "fraction"
"""Unit of shares, from 0 to 1; printed tables show them in percent."""


def means(boards: Sequence[Leaderboard], varied: Sequence[Leaderboard]) -> pd.DataFrame:
    """A row for each method, setting and metric, in the unit that the row names.

    Args:
        boards: without variants.
        varied: with them; what they have beside variants is in `boards`.
    """
    return pd.DataFrame(
        [
            {
                **_named(board, entry, column),
                "seeds": (cell := entry.cells[column]).seeds,
                "mean_in_unit": cell.mean,
                "half_width_in_unit": cell.half_width,
                "best": cell.best and board not in varied,
                "paper_quoted_percent": (
                    entry.paper(column.scenario) if column.metric == "acc" else ""
                ),
            }
            for board, entry in _entries(boards, varied)
            for column in board.columns(*LEADERBOARD)
        ]
    )


def per_seed(boards: Sequence[Leaderboard], varied: Sequence[Leaderboard]) -> pd.DataFrame:
    """A row for each run and metric, with the run's id.

    Args:
        boards: see `means`.
        varied: likewise.
    """
    return pd.DataFrame(
        [
            {**_named(board, entry, column), "seed": seed, "run_id": run, "value_in_unit": value}
            for board, entry in _entries(boards, varied)
            for column in board.columns(*LEADERBOARD)
            for seed, run, value in _values(board, entry, column)
        ]
    )


def _entries(
    boards: Sequence[Leaderboard], varied: Sequence[Leaderboard]
) -> Iterable[tuple[Leaderboard, Entry]]:
    """Every entry once."""
    for board in boards:
        yield from ((board, entry) for entry in board.entries)
    for board in varied:
        yield from ((board, entry) for entry in board.entries if entry.variant)


def _named(board: Leaderboard, entry: Entry, column: Column) -> dict[str, str]:
    share = column.definition.unit is Unit.PERCENT
    return {
        "benchmark": board.benchmark,
        "profile": board.profile,
        "scenario": column.scenario or board.scenario,
        "method": entry.baseline,
        "title": entry.title,
        "setting": entry.setting,
        "norm": entry.norm,
        "outputs": entry.outputs,
        "rule": entry.rule if column.scenario == board.scenario else "",
        "metric": column.metric,
        "unit": FRACTION if share else column.definition.unit.value,
    }


def _values(board: Leaderboard, entry: Entry, column: Column) -> Iterable[tuple[int, str, float]]:
    mine = of_entry(board.shown, entry)
    mine = mine[(mine["metric"] == column.metric) & (mine["scenario"] == column.scenario)]
    mine = mine.dropna(subset="value").sort_values("seed")
    return zip(
        mine["seed"].astype(int), mine["run_id"].astype(str), mine["value"].astype(float),
        strict=True,
    )  # fmt: skip
