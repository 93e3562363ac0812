"""Figures of costs."""

from __future__ import annotations

from math import isnan

import pandas as pd
from matplotlib.figure import Figure

from harness.analysis.columns import BYTES
from harness.analysis.leaderboard import Leaderboard
from harness.reporting.figures.style import HALF, HEIGHT, colour, grid, legend, mark, tall_enough


def cost(_: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Accuracy against the bytes that predictions need beyond one network, if methods differ."""
    means = [entry.cells[BYTES].mean for entry in board.entries]
    if len({mean for mean in means if not isnan(mean)}) < 2:
        return None
    accuracy = board.column("acc")
    figure, axes = grid(1, 1, height=tall_enough(len(board.entries), HEIGHT), width=HALF)
    axis = axes[0][0]
    for entry in board.entries:
        x, y = entry.cells[BYTES].mean / 1000, entry.cells[accuracy].mean * 100
        axis.plot(x, y, mark(entry), color=colour(entry), label=entry.title, ms=4.5)
    axis.set_xscale("symlog", linthresh=1)  # from nothing to a network for each task
    axis.set(xlabel="extra bytes to predict (kB)", ylabel="ACC (%)", title=board.scenario)
    legend([axis])
    return figure
