"""Figures of masks: density, use of the weights, overlap."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from harness.analysis.leaderboard import Leaderboard, of_entry
from harness.analysis.metrics.definition import RUN
from harness.analysis.metrics.masks import pairs
from harness.reporting.figures.heat_maps import heat_maps
from harness.reporting.figures.line_labels import label_lines
from harness.reporting.figures.style import HALF, HEIGHT, colour, faint_seeds, grid, mark


def usage(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Share of the weights that any mask has used so far, and that of each task's own."""
    weights = rows[rows["metric"] == "weights"].groupby(RUN, observed=True)["value"].sum()
    if weights.empty:
        return None
    figure, axes = grid(1, 1, height=HEIGHT, width=HALF)
    axis = axes[0][0]
    for metric, along, line in (("weights_used", "after", "-"), ("mask_ones", "task", ":")):
        counts = rows[rows["metric"] == metric].groupby([*RUN, along], observed=True)["value"].sum()
        share = (counts / weights * 100).rename("share").reset_index()
        for entry in board.entries:
            mine = of_entry(share, entry)
            per_seed = mine.pivot_table(index=along, columns="seed", values="share")
            if per_seed.empty:
                continue
            hue, mean = colour(entry), per_seed.mean(axis=1)
            faint_seeds(axis, per_seed, hue, alpha=0.2)
            axis.plot(
                mean.index.to_numpy(dtype=float), mean, line, color=hue, marker=mark(entry), ms=3,
                label=entry.title if line == "-" else None, markevery=-(-len(mean) // 10),
            )  # fmt: skip
    axis.set(xlabel="task", ylabel="share of the weights (%)", title=board.scenario)
    axis.set_ylim(bottom=0)
    axis.xaxis.get_major_locator().set_params(integer=True)
    label_lines(axis)
    return figure


def overlap(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Intersection over union of the masks of two tasks, mean over seeds."""
    found = pairs(rows)
    tables = {}
    for entry in board.entries:
        mine = of_entry(found, entry)
        table = mine.pivot_table(index="other", columns="task", values="value")
        tables[entry.title] = table * 100
    drawn = heat_maps(tables, "task", "task", cmap="cividis", highest=None)
    return drawn[0] if drawn else None
