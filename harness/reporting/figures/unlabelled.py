"""Figures of streams without task labels."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.analysis.curves import old_from_new
from harness.analysis.leaderboard import Leaderboard, of_entry
from harness.reporting.figures.line_labels import label_lines
from harness.reporting.figures.style import colour, dashes, faint_seeds, grid, literal, mark


def switches(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """When each seed of each method noticed a new task, against the task boundaries."""
    found = rows[rows["metric"] == "switch"]
    entries = [entry for entry in board.entries if len(of_entry(found, entry))]
    if not entries:
        return None
    figure, axes = grid(1, 1, height=0.5 + 0.3 * len(entries))
    axis: Axes = axes[0][0]
    for boundary in sorted(set(rows.loc[rows["metric"] == "border", "value"])):
        axis.axvline(boundary, color="0.75", lw=0.8, zorder=0)
    for y, entry in enumerate(entries):
        mine = of_entry(found, entry)
        seeds = sorted(set(mine["seed"]))
        for place, seed in enumerate(seeds):
            at = mine.loc[mine["seed"] == seed, "value"]
            height = y + 0.6 * ((place + 0.5) / len(seeds) - 0.5)
            axis.plot(at, [height] * len(at), "|", color=colour(entry), ms=4, mew=1)
    axis.set_yticks(range(len(entries)), [literal(entry.title) for entry in entries])
    axis.set(ylim=(len(entries) - 0.5, -0.5), xlabel="batch (grey: first batch of each task)")
    return figure


def old_new(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """How well old tasks are told from new ones as tasks accumulate: mean over tasks and seeds."""
    found = rows[rows["metric"].isin(["old_new_auroc", "old_new_fpr"])]
    if found.empty:
        return None
    figure, axes = grid(1, 2, height=1.8)
    kinds = (("old_new_auroc", 50, "AUROC (%)"), ("old_new_fpr", 95, "FPR at 95 % TPR (%)"))
    for axis, (metric, chance, label) in zip(axes[0], kinds, strict=True):
        for entry in board.entries:
            per_seed = old_from_new(of_entry(found, entry), metric, entry.rule) * 100
            if per_seed.empty:
                continue
            x = per_seed.index.to_numpy(dtype=float)
            hue = colour(entry)
            faint_seeds(axis, per_seed, hue)
            line, mean = dashes(board, entry), per_seed.mean(axis=1)
            axis.plot(x, mean, line, color=hue, marker=mark(entry), ms=3, label=entry.title)
        axis.axhline(chance, color="0.6", lw=0.8, ls=":")
        axis.set(xlabel="tasks shown", ylabel=label)
        axis.xaxis.get_major_locator().set_params(integer=True)
        label_lines(axis)
    return figure
