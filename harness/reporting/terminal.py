"""The leaderboard as a terminal shows it: as many columns as there is room for, and none cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.table import Table

from harness.analysis.leaderboard import (
    ACC_AGNOSTIC,
    ACC_AWARE,
    FORGETTING,
    INFERENCE,
    LEADERBOARD,
    columns_of,
    leaderboard,
)
from harness.storage.schema import TASK_AGNOSTIC, TASK_AWARE
from harness.storage.store import Results

_FIRST: Final = (
    "Method",
    ACC_AWARE.title,
    ACC_AGNOSTIC.title,
    "Seeds",
    "Rule",
    f"Paper {TASK_AWARE}",
    f"Paper {TASK_AGNOSTIC}",
    FORGETTING.title,
    INFERENCE.title,
)
"""What is shown where there is not room for all; the other columns follow in their order."""

_NOTE: Final = (
    "Bold: best, or no difference to the best that the seeds can show (one seed shows none). "
    "Paper: quoted, not measured."
)
_FRAME: Final = 3
"""Characters that a column takes besides its text."""


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    cells: Sequence[str]
    bold: Sequence[bool] = ()

    @property
    def width(self) -> int:
        """Of the widest number."""
        return max(map(len, (*self.title.split(), *self.cells)))

    def add_to(self, table: Table) -> None:
        table.add_column(self.title, justify="right", width=self.width)

    def texts(self) -> list[str]:
        if not self.bold:
            return list(self.cells)
        pairs = zip(self.cells, self.bold, strict=True)
        return [f"[bold]{text}[/bold]" if bold else text for text, bold in pairs]


class _Words(_Column):
    """May be broken between words."""

    @property
    def width(self) -> int:
        return max(len(word) for cell in (self.title, *self.cells) for word in cell.split())

    def add_to(self, table: Table) -> None:
        table.add_column(self.title, min_width=self.width)


def leaderboard_table(results: Results, width: int) -> Table:
    """The leaderboard of what `harness.analysis.selection.select` gave.

    Args:
        results: of one benchmark and profile.
        width: of the terminal, in characters.

    Raises:
        NoFinishedRunError: there is no finished run.
    """
    board = leaderboard(results)
    entries = board.entries
    columns: list[_Column] = [
        _Words("Method", [entry.title for entry in entries]),
        _Column("Seeds", [str(entry.seeds) for entry in entries]),
    ]
    for metric in columns_of(*LEADERBOARD):
        bold = [entry.cells[metric].best for entry in entries]
        columns.append(_Column(metric.title, [entry.text(metric) for entry in entries], bold))
    columns.append(_Words("Rule", [entry.rule for entry in entries]))
    for regime in (TASK_AWARE, TASK_AGNOSTIC):
        papers = [entry.paper(regime) for entry in entries]
        if any(papers):
            columns.append(_Column(f"Paper {regime}", papers))
    shown = _fitting(columns, width)
    table = Table(
        title=f"{board.benchmark}, profile {board.profile}: mean ± 95 % interval over seeds",
        caption=_NOTE + _missing(columns, shown),
    )
    for column in shown:
        column.add_to(table)
    for row in zip(*(column.texts() for column in shown), strict=True):
        table.add_row(*row)
    return table


def _fitting(columns: Sequence[_Column], width: int) -> list[_Column]:
    """The most important columns that fit, in their order; the first of all in any case."""
    titles = [column.title for column in columns]
    ranked = [*_FIRST, *(title for title in titles if title not in _FIRST)]
    shown: list[_Column] = []
    room = width - 1
    for column in sorted(columns, key=lambda column: ranked.index(column.title)):
        room -= column.width + _FRAME
        if room < 0 and shown:
            break
        shown.append(column)
    return [column for column in columns if column in shown]


def _missing(columns: Sequence[_Column], shown: Sequence[_Column]) -> str:
    left_out = [column.title for column in columns if column not in shown]
    if not left_out:
        return ""
    return f" No room here, but in the report: {', '.join(left_out)}."
