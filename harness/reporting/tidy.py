"""The numbers of a benchmark's report as tidy tables, one of means and one of seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import pandas as pd

from harness.analysis.columns import LEADERBOARD, Column
from harness.analysis.leaderboard import Entry, Leaderboard
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
            for board, mine in _by_board(boards, varied)
            for columns in [board.columns(*LEADERBOARD)]
            for entry in mine
            for column in columns
        ]
    )


def per_seed(boards: Sequence[Leaderboard], varied: Sequence[Leaderboard]) -> pd.DataFrame:
    """A row for each run and metric, with the run's id.

    Args:
        boards: see `means`.
        varied: likewise.
    """
    rows = []
    for board, mine in _by_board(boards, varied):
        keys = ["baseline", "setting", "metric", "scenario"]
        shown = board.shown.dropna(subset="value").sort_values("seed")
        values = dict(iter(shown.groupby(keys, observed=True)))
        columns = board.columns(*LEADERBOARD)
        for entry in mine:
            for column in columns:
                key = (entry.baseline, entry.setting, column.metric, column.scenario)
                if key in values:
                    own = values[key]
                    named = _named(board, entry, column)
                    rows += [
                        {**named, "seed": seed, "run_id": run, "value_in_unit": value}
                        for seed, run, value in zip(
                            own["seed"].tolist(),
                            own["run_id"].astype(str),
                            own["value"].tolist(),
                            strict=True,
                        )
                    ]
    return pd.DataFrame(rows)


def _by_board(
    boards: Sequence[Leaderboard], varied: Sequence[Leaderboard]
) -> Iterator[tuple[Leaderboard, list[Entry]]]:
    """Every entry once."""
    for board in boards:
        yield board, list(board.entries)
    for board in varied:
        yield board, [entry for entry in board.entries if entry.variant]


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
