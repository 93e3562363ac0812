"""Figures of masks: density, use of the weights, overlap."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from harness.analysis.leaderboard import (
    Leaderboard,
    of_entry,
)
from harness.analysis.metrics.definition import RUN
from harness.analysis.metrics.masks import pairs
from harness.reporting.figures.style import (
    colour,
    dashes,
    faint_seeds,
    grid,
    heat_maps,
    legend,
)


def masks(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Density of each task's mask, and the share of weights used so far."""
    weights = rows[rows["metric"] == "weights"].groupby(RUN)["value"].sum()
    if weights.empty:
        return None
    figure, axes = grid(1, 2, height=2.2)
    kinds = (("mask_ones", "task", "mask density (%)"), ("weights_used", "after", "used (%)"))
    for axis, (metric, along, label) in zip(axes[0], kinds, strict=True):
        counts = rows[rows["metric"] == metric].groupby([*RUN, along])["value"].sum()
        share = (counts / weights * 100).rename("share").reset_index()
        for entry in board.entries:
            mine = of_entry(share, entry)
            per_seed = mine.pivot_table(index=along, columns="seed", values="share")
            if not per_seed.empty:
                hue = colour(entry)
                faint_seeds(axis, per_seed, hue, alpha=0.2)
                line = dashes(board, entry)
                mean = per_seed.mean(axis=1)
                axis.plot(mean, line, color=hue, marker="o", ms=3, label=entry.title)
        axis.set(xlabel="task" if along == "task" else "tasks learned", ylabel=label)
        axis.set_ylim(bottom=0)
        axis.xaxis.get_major_locator().set_params(integer=True)
    legend(axes[0])
    return figure


def overlap(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Intersection over union of the masks of two tasks, mean over seeds."""
    found = pairs(rows)
    tables = {}
    for entry in board.entries:
        mine = of_entry(found, entry)
        tables[entry.title] = mine.pivot_table(index="other", columns="task", values="value")
    return heat_maps(tables, "task", "task", cmap="cividis")
