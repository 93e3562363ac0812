"""The report of one benchmark under one profile, from the results on disk: a section a scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from harness.analysis.comparisons import Comparison, comparisons
from harness.analysis.labelled_counterparts import with_labels
from harness.analysis.leaderboard import (
    LEADERBOARD,
    Column,
    Entry,
    Leaderboard,
    NoFinishedRunError,
    leaderboard,
)
from harness.analysis.run_filter import EVERYTHING, RunFilter
from harness.analysis.selection import select
from harness.analysis.statistics import BEST_NOTE
from harness.config.scenarios import TASK_IL
from harness.reporting import protocol
from harness.reporting.browser.charts import charts
from harness.reporting.browser.runs import run_details
from harness.reporting.figures.catalogue import draw
from harness.reporting.model import Figure, Report, Table, Text
from harness.reporting.naming import said, stem
from harness.reporting.sections import content
from harness.storage import store, studies
from harness.storage.studies import Study

TEMPLATE: Final = Path(__file__).parent / "templates" / "report.typ"

_FIRST: Final = ("Method", "Seeds")
_RULE: Final = "Task inferred by"
_QUOTED: Final = "Paper (quoted)"


def benchmark_report(
    results: Path, benchmark: str, profile: str, shown: RunFilter = EVERYTHING
) -> Report:
    """The report of a benchmark and profile.

    Args:
        results: folder of all results.
        benchmark: its name.
        profile: its name; it is part of the file's name unless it is the default.
        shown: which of its runs; a report of some of them has a file of its own.

    Raises:
        NoFinishedRunError: there is no finished run that is to be shown.
    """
    found = shown.of(select(store.read(results, benchmark, profile)))
    supervised = with_labels(results, benchmark, profile)
    tried = studies.read(results, benchmark)
    compared = [(one, leaderboard(one, supervised)) for one in comparisons(found)]
    if not compared:
        raise NoFinishedRunError(
            f"there is no finished run of {benchmark}, profile {profile}{said(shown)}"
        )
    boards = [board for _, board in compared]
    texts = _saying(content(found, boards), shown)
    return Report(
        stem=stem(benchmark, profile, shown),
        title=f"{benchmark}, profile {profile}{said(shown)}",
        tables=[leaderboard_texts(board) for board in boards],
        data=pd.concat(map(_data, boards), ignore_index=True),
        template=TEMPLATE,
        content=texts,
        lead=[texts["summary"], texts["budget"], *texts["loose"]],
        appendices=_appendices(texts),
        charts=lambda: [
            chart for one, board in compared for chart in charts(one.results.rows, board)
        ],
        runs=lambda: [run for pair in compared for run in run_details(*pair)],
        draw=lambda folder: _figures(compared, tried.studies, folder),
        damaged=found.damaged | (supervised.damaged if supervised else {}) | tried.damaged,
    )


def _saying(content: dict[str, Any], shown: RunFilter) -> dict[str, Any]:
    """The content with a title that names what is left out."""
    return {**content, "title": f"{content['title']}{said(shown)}"}


def _figures(
    compared: Sequence[tuple[Comparison, Leaderboard]], tried: Sequence[Study], folder: Path
) -> list[Figure]:
    """Those of each comparison, in a folder of its own."""
    return [
        figure
        for number, (one, board) in enumerate(compared)
        for figure in draw(one.results.rows, board, tried, folder / str(number))
    ]


def _appendices(texts: Mapping[str, Any]) -> list[Table]:
    """What a reader looks up: methods, formulas, provenance, and what is left out."""
    methods = (
        *("Method", "Scenarios", "Source", "Settings", "Supervision while learning"),
        "Conditions of strict continual learning given up",
    )
    tables = (
        ("Methods", methods, texts["methods"]),
        ("Formulas", ("Metric", "Formula", "Source"), texts["formulas"]),
        ("Provenance", ("What", "Value", "Runs"), texts["provenance"]),
        ("Not in this report", ("Run",), [[text] for text in texts["problems"]]),
    )
    return [
        Table(title, head, [list(map(Text, row)) for row in rows], frozenset(range(len(head))))
        for title, head, rows in tables
        if rows
    ]


def leaderboard_texts(board: Leaderboard) -> Table:
    """A leaderboard as one table of texts, with what the paper prints."""
    columns = board.columns(*LEADERBOARD)
    inferred = [_RULE] if board.scenario != TASK_IL else []
    head = [*_FIRST, *(column.title for column in columns), *inferred, _QUOTED]
    rows = [_cells(board, entry, columns) for entry in board.entries]
    for title, seeds in board.diverged.items():
        texts = [title, str(seeds), "diverged"]
        rows.append([Text(text) for text in [*texts, *[""] * (len(head) - len(texts))]])
    left = frozenset({0, *map(head.index, inferred)})
    summary = f"{protocol.rules(board)} {protocol.intervals(board)} {BEST_NOTE}"
    return Table(protocol.heading(board), head, rows, left, summary=summary)


def _cells(board: Leaderboard, entry: Entry, columns: Sequence[Column]) -> list[Text]:
    measured = [Text(entry.text(column), entry.cells[column].best) for column in columns]
    rule = [Text(entry.rule)] if board.scenario != TASK_IL else []
    quoted = Text(entry.paper(board.scenario))
    return [Text(entry.title), Text(str(entry.seeds)), *measured, *rule, quoted]


def _data(board: Leaderboard) -> pd.DataFrame:
    """One line per method and metric with mean and half width in the metric's own unit."""
    lines = [
        {
            "benchmark": board.benchmark,
            "profile": board.profile,
            "scenario": column.scenario or board.scenario,
            "method": entry.title,
            "norm": entry.norm,
            "outputs": entry.outputs,
            "seeds": cell.seeds,
            "rule": entry.rule if column.scenario == board.scenario else "",
            "metric": column.metric,
            "mean": cell.mean,
            "half_width": cell.half_width,
            "best": cell.best,
            "paper_quoted": entry.paper(column.scenario) if column.metric == "acc" else "",
        }
        for entry in board.entries
        for column in board.columns(*LEADERBOARD)
        for cell in [entry.cells[column]]
    ]
    return pd.DataFrame(lines)
