"""The report of one benchmark under one profile, from the results on disk."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

import pandas as pd

from harness.analysis.labelled_counterparts import with_labels
from harness.analysis.leaderboard import (
    LEADERBOARD,
    Entry,
    Leaderboard,
    columns_of,
    leaderboard,
)
from harness.analysis.selection import select
from harness.config.budgets import DEFAULT
from harness.reporting.figures.catalogue import draw
from harness.reporting.model import Report, Table, Text
from harness.reporting.sections import sections
from harness.storage import store
from harness.config.scenarios import TASK_IL

TEMPLATE: Final = Path(__file__).parent / "templates" / "report.typ"

_FIRST: Final = ("Method", "Seeds")
_LAST: Final = ("Task inferred by", "Paper, task-aware (quoted)", "Paper, task-agnostic (quoted)")


def benchmark_report(results: Path, benchmark: str, profile: str) -> Report:
    """The report of a benchmark and profile.

    Args:
        results: folder of all results.
        benchmark: its name.
        profile: its name; it is part of the file's name unless it is the default.

    Raises:
        NoFinishedRunError: there is no finished run.
    """
    found = select(store.read(results, benchmark, profile))
    supervised = with_labels(results, benchmark, profile)
    board = leaderboard(found, supervised)
    return Report(
        stem=benchmark if profile == DEFAULT else f"{benchmark}-{profile}",
        title=f"{benchmark}, profile {profile}",
        tables=[leaderboard_texts(board)],
        data=_data(board),
        template=TEMPLATE,
        content=sections(found, board),
        draw=partial(draw, found.rows, board),
        damaged=found.damaged | (supervised.damaged if supervised else {}),
    )


def leaderboard_texts(board: Leaderboard) -> Table:
    """The leaderboard as one table of texts, with what the paper prints."""
    head = [*_FIRST, *(column.title for column in columns_of(*LEADERBOARD)), *_LAST]
    rows = [list(_cells(entry)) for entry in board.entries]
    for title, seeds in board.diverged.items():
        texts = [title, str(seeds), "diverged", *[""] * (len(head) - 3)]
        rows.append([Text(text) for text in texts])
    return Table("", head, rows, left=frozenset({0, head.index(_LAST[0])}))


def _cells(entry: Entry) -> list[Text]:
    measured = [Text(entry.text(column), cell.best) for column, cell in entry.cells.items()]
    quoted = [Text(entry.paper(scenario)) for scenario in (TASK_IL, TASK_AGNOSTIC)]
    return [Text(entry.title), Text(str(entry.seeds)), *measured, Text(entry.rule), *quoted]


def _data(board: Leaderboard) -> pd.DataFrame:
    """One line per method and metric with scenario, mean and half width in the metric's own unit."""
    lines = [
        {
            "benchmark": board.benchmark,
            "profile": board.profile,
            "method": entry.title,
            "seeds": entry.seeds,
            "scenario": column.scenario,
            "rule": entry.rule if column.scenario == TASK_AGNOSTIC else "",
            "metric": column.metric,
            "mean": cell.mean,
            "half_width": cell.half_width,
            "best": cell.best,
            "paper_quoted": entry.paper(column.scenario) if column.metric == "acc" else "",
        }
        for entry in board.entries
        for column, cell in entry.cells.items()
    ]
    return pd.DataFrame(lines)
