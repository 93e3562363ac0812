"""Figures of task inference."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from harness.analysis.leaderboard import Leaderboard, of_entry, rows_of
from harness.config.scenarios import TASK_IL
from harness.reporting.figures.heat_maps import heat_maps


def confusion(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Which task the test examples of each task were taken for, by the method's default rule."""
    if board.scenario == TASK_IL:
        return None
    found = rows[rows["metric"] == "inferred_as"]
    tables = {}
    for entry in board.entries:
        mine = rows_of(found, entry, board.scenario)
        table = mine.pivot_table(index="task", columns="other", values="value") * 100
        right = float(np.mean(np.diag(table))) if len(table) else 0.0
        share = f"{right:.1f} % right".replace(" ", "\N{NO-BREAK SPACE}")
        tables[f"{entry.title}: {share}"] = table
    drawn = heat_maps(tables, "inferred task", "true task")
    return drawn[0] if drawn else None


def responses(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Accuracy of the right mask and of the others on each task (the paper's Figure 2)."""
    found = rows[rows["metric"] == "accuracy_under"]
    tables = {}
    for entry in board.entries:
        mine = of_entry(found, entry)
        table = mine.pivot_table(index="task", columns="other", values="value")
        tables[entry.title] = table * 100
    drawn = heat_maps(tables, "mask of task", "test data of task")
    return drawn[0] if drawn else None
