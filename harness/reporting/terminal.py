"""Leaderboards as a terminal shows them: a fixed table a scenario that fits 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from harness.analysis.leaderboard import (
    IDENTITY_GIVEN,
    SECONDS,
    Cell,
    Column,
    Entry,
    Leaderboard,
)
from harness.analysis.loose_masks import loose_masks
from harness.analysis.statistics import BEST_NOTE
from harness.config.scenarios import SCENARIOS
from harness.reporting import protocol

_ACC: Final = "ACC: average accuracy (%) after the last task."
_GIVEN: Final = f" {IDENTITY_GIVEN.capitalize()}: by the evaluation alone, at test."
_REST: Final = "Seconds: mean. Paper: quoted, not measured. More columns are in the report."


def leaderboard_table(board: Leaderboard) -> Table:
    """Method, seeds, accuracy, forgetting and seconds in one scenario, best method first.

    What the paper prints for a method is in a row of its own below the method's. Titles of methods
    are folded, numbers never.
    """
    columns = (*board.accuracies, board.column("forgetting"))
    given = _GIVEN if len(board.accuracies) > 1 else ""
    table = Table(
        title=Text(f"{board.benchmark}, profile {board.profile}, {protocol.heading(board)}"),
        caption=" ".join(
            [f"{SCENARIOS[board.scenario].capitalize()}.{given}", *loose_masks(board)]
        ),
        caption_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=0,
    )
    table.add_column("Method", overflow="fold")
    for title in ("Seeds", *(column.title for column in columns), "Seconds"):
        table.add_column(title.replace(", ", ",\n"), justify="right", no_wrap=True)
    for entry in board.entries:
        seconds = Cell(entry.cells[SECONDS].mean, half_width=float("nan"))
        table.add_row(
            Text(entry.title),
            str(entry.seeds),
            *(_measured(entry, column) for column in columns),
            SECONDS.text(seconds),
        )
        if quoted := entry.paper(board.scenario):
            table.add_row("  paper", "", quoted)
    for title, seeds in board.diverged.items():
        table.add_row(Text(title), str(seeds), "diverged")
    return table


def legend(boards: Sequence[Leaderboard]) -> str:
    """What the columns of all tables are, and what is bold."""
    return " ".join([_ACC, protocol.intervals(*boards), BEST_NOTE, _REST])


def _measured(entry: Entry, column: Column) -> Text:
    best = entry.cells[column].best
    return Text(entry.text(column), style="bold" if best else "")
