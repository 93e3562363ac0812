"""The leaderboard as a terminal shows it: one fixed table that fits 80 columns."""

from __future__ import annotations

from typing import Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from harness.analysis.leaderboard import (
    ACC_AGNOSTIC,
    ACC_AWARE,
    FORGETTING,
    SECONDS,
    Cell,
    Column,
    Entry,
    Leaderboard,
)
from harness.analysis.loose_masks import loose_masks
from harness.storage.schema import TASK_AGNOSTIC, TASK_AWARE

_NOTE: Final = (
    "ACC: average accuracy (%) after the last task; aware: the task identity is given at test, "
    "agnostic: it is not. Bold: best, or no difference to the best that the seeds can show (one "
    "seed shows none). Seconds: mean. Paper: quoted, not measured. More columns are in the report."
)


def leaderboard_table(board: Leaderboard) -> Table:
    """Method, seeds, accuracies, forgetting and seconds, best method first.

    What the paper prints for a method is in a row of its own below the method's. Titles of methods
    are folded, numbers never.
    """
    table = Table(
        title=Text(f"{board.benchmark}, profile {board.profile}: mean ± 95 % interval over seeds"),
        caption=" ".join([_NOTE, *loose_masks(board)]),
        caption_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=0,
    )
    table.add_column("Method", overflow="fold")
    for title in ("Seeds", "ACC aware", "ACC agnostic", "Forgetting", "Seconds"):
        table.add_column(title, justify="right", no_wrap=True)
    for entry in board.entries:
        seconds = Cell(entry.cells[SECONDS].mean, half_width=float("nan"))
        table.add_row(
            Text(entry.title),
            str(entry.seeds),
            *(_measured(entry, column) for column in (ACC_AWARE, ACC_AGNOSTIC, FORGETTING)),
            SECONDS.text(seconds),
        )
        if entry.quoted:
            quoted = (Text(entry.paper(regime)) for regime in (TASK_AWARE, TASK_AGNOSTIC))
            table.add_row("  paper", "", *quoted)
    for title, seeds in board.diverged.items():
        table.add_row(Text(title), str(seeds), "diverged")
    return table


def _measured(entry: Entry, column: Column) -> Text:
    best = entry.cells[column].best
    return Text(entry.text(column), style="bold" if best else "")
