"""Figures of costs."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from harness.analysis.leaderboard import (
    BYTES,
    SECONDS,
    Leaderboard,
)
from harness.reporting.figures.style import (
    MARKS,
    colour,
    dashes,
    grid,
    legend,
)


def cost(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Accuracy against what it costs: seconds, and bytes kept."""
    accuracy = board.column("acc")
    figure, axes = grid(1, 2, height=2.6)
    kinds = ((SECONDS, 1, "seconds per run"), (BYTES, 1000, "extra bytes to predict (kB)"))
    for axis, (column, unit, label) in zip(axes[0], kinds, strict=True):
        for entry in board.entries:
            x, y = entry.cells[column].mean / unit, entry.cells[accuracy].mean * 100
            mark, hue = MARKS[dashes(board, entry)], colour(entry)
            axis.plot(x, y, mark, color=hue, label=entry.title)
        axis.set(xlabel=label, ylabel=f"ACC, {board.scenario} (%)")
    axes[0][1].set_xscale("symlog", linthresh=1)  # from nothing to a network for each task
    legend(axes[0])
    return figure
