"""The leaderboard as a terminal shows it: one fixed table that fits 80 columns."""

from __future__ import annotations

from typing import Final

from rich.table import Table
from rich.text import Text

from harness.analysis.leaderboard import (
    ACC_AGNOSTIC,
    ACC_AWARE,
    FORGETTING,
    SECONDS,
    Column,
    Entry,
    Leaderboard,
)
from harness.storage.schema import TASK_AGNOSTIC, TASK_AWARE

_NOTE: Final = (
    "ACC: average accuracy (%) after the last task; aware: the task identity is given at test, "
    "agnostic: it is not. Bold: best, or no difference to the best that the seeds can show (one "
    "seed shows none). Paper: quoted, not measured. More columns are in the report."
)


def leaderboard_table(board: Leaderboard) -> Table:
    """Method, seeds, accuracies beside the paper's, forgetting and seconds, best method first."""
    table = Table(
        title=f"{board.benchmark}, profile {board.profile}: mean ± 95 % interval over seeds",
        caption=_NOTE,
        caption_justify="left",
        padding=(0, 0),
        collapse_padding=True,
    )
    table.add_column("Method", overflow="fold")
    for title in ("Seeds", "ACC aware", "Paper", "ACC agnostic", "Paper", "Forgetting", "Seconds"):
        table.add_column(title, justify="right")
    for entry in board.entries:
        table.add_row(
            Text(entry.title),
            str(entry.seeds),
            _measured(entry, ACC_AWARE),
            entry.paper(TASK_AWARE),
            _measured(entry, ACC_AGNOSTIC),
            entry.paper(TASK_AGNOSTIC),
            _measured(entry, FORGETTING),
            _measured(entry, SECONDS),
        )
    return table


def _measured(entry: Entry, column: Column) -> Text:
    best = entry.cells[column].best
    return Text(entry.text(column), style="bold" if best else "")
