"""Figures of accuracy and forgetting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from harness.analysis.leaderboard import Column, Leaderboard, of_entry
from harness.analysis.metrics.accuracy import matrix
from harness.analysis.statistics import half_width
from harness.reporting.figures.style import (
    colour,
    colour_bar,
    dashes,
    faint_seeds,
    grid,
    heat_map,
    legend,
    literal,
    rows_of,
    wrapped,
)


def curves(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Average accuracy over the tasks learned so far: mean, 95 % band, each seed faint."""
    if not board.accuracies:
        return None
    seen = rows[(rows["metric"] == "accuracy") & (rows["task"] <= rows["after"])]
    figure, axes = grid(1, len(board.accuracies), height=2.6)
    for axis, column in zip(axes[0], board.accuracies, strict=True):
        for entry in board.entries:
            cells = rows_of(seen, entry, column.scenario)
            at = cells.groupby(["after", "seed"])
            averages = at.agg(value=("value", "mean"), tasks=("task", "nunique")).reset_index()
            # of long streams, task inference was measured for all tasks after the last one only
            averages = averages[averages["tasks"] == averages["after"]]
            per_seed = averages.pivot_table(index="after", columns="seed", values="value") * 100
            if per_seed.empty:
                continue
            per_seed = per_seed.reindex(range(per_seed.index.min(), per_seed.index.max() + 1))
            mean = per_seed.mean(axis=1)
            half = per_seed.apply(lambda v: half_width(v.dropna().to_numpy(dtype=float)), axis=1)
            hue = colour(entry)
            x = per_seed.index.to_numpy(dtype=float)
            faint_seeds(axis, per_seed, hue)
            mark = "o" if len(x) == 1 or mean.isna().any() else ""  # no line leads there
            line = dashes(board, entry)
            axis.plot(x, mean, line, color=hue, lw=1.3, marker=mark, ms=4, label=entry.title)
            # a band of two seeds is wider than accuracies can be
            low, high = (mean - half).clip(lower=0), (mean + half).clip(upper=100)
            axis.fill_between(x, low, high, color=hue, alpha=0.2, lw=0)
        axis.set(title=_panel(column), xlabel="tasks learned", ylabel="average accuracy (%)")
        axis.xaxis.get_major_locator().set_params(integer=True)
    legend(axes[0])
    return figure


def budgets(_: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Learning curves: average accuracy by epochs a task, of methods that have several budgets."""
    epochs: dict[str, set[int]] = {}
    for entry in board.entries:
        epochs.setdefault(entry.baseline, set()).add(entry.epochs)
    several = [entry for entry in board.entries if len(epochs[entry.baseline]) > 1]
    if not several:
        return None
    measured = [
        column
        for column in board.accuracies
        if not all(np.isnan(entry.cells[column].mean) for entry in several)
    ]
    figure, axes = grid(1, len(measured), height=2.3)
    for column, axis in zip(measured, axes[0], strict=True):
        for title in dict.fromkeys(entry.curve for entry in several):
            points = sorted((e for e in several if e.curve == title), key=lambda e: e.epochs)
            cells = [entry.cells[column] for entry in points]
            axis.errorbar(
                [entry.epochs for entry in points],
                [cell.mean * 100 for cell in cells],
                [np.nan_to_num(cell.half_width) * 100 for cell in cells],
                color=colour(points[0]),
                marker="o" if len(points) > 1 else "*",
                ms=3 if len(points) > 1 else 6,
                lw=1.3,
                label=title,
            )
        for entry in {entry.baseline: entry for entry in several}.values():
            if quoted := entry.paper(column.scenario):
                level = float(quoted.split()[0])
                axis.axhline(level, color=colour(entry), ls=":", label="paper")
        ticks = sorted({entry.epochs for entry in several})
        axis.set_xscale("log")
        axis.set_xticks(ticks, [str(tick) for tick in ticks])
        axis.minorticks_off()
        axis.set(title=_panel(column), xlabel="epochs a task", ylabel="average accuracy (%)")
    legend(axes[0])
    return figure


def epochs(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Accuracy on the task in training by epoch: mean over tasks, and the range of the tasks."""
    measured = rows[rows["metric"] == "epoch_accuracy"]
    if measured.empty:
        return None
    figure, axes = grid(1, 1, height=2.6)
    axis: Axes = axes[0][0]
    for entry in board.entries:
        cells = of_entry(measured, entry)
        if cells.empty:
            continue
        of_tasks = cells.pivot_table(index="other", columns="task", values="value") * 100
        x = of_tasks.index.to_numpy(dtype=float)
        hue = colour(entry)
        axis.plot(x, of_tasks.mean(axis=1), dashes(board, entry), color=hue, label=entry.title)
        axis.fill_between(
            x, of_tasks.min(axis=1), of_tasks.max(axis=1), color=hue, alpha=0.12, lw=0
        )
    axis.set(xlabel="epochs of the task", ylabel="accuracy on it (%)")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend(axes[0])
    return figure


def own_budget(board: Leaderboard) -> Leaderboard:
    """Only entries of the profile's own number of epochs, for methods that have such."""
    own = {entry.baseline for entry in board.entries if entry.title == entry.curve}
    shown = [e for e in board.entries if e.title == e.curve or e.baseline not in own]
    return replace(board, entries=shown)


def matrices(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """R[i, j] per method, mean over seeds; tasks not learned yet are dimmed."""
    learned = board.column("learning_accuracy")
    entries = [e for e in board.entries if not np.isnan(e.cells[learned].mean)]
    if not entries:
        return None
    columns = 4
    figure, axes = grid(-(-len(entries) // columns), columns, height=1.9)
    accuracy = rows[rows["metric"] == "accuracy"]
    for axis, entry in zip(axes.flat, entries, strict=False):
        cells = rows_of(accuracy, entry, board.scenario)
        r = matrix(cells.groupby(["after", "task"])["value"].mean().reset_index()) * 100
        tasks = range(1, r.shape[1] + 1)
        small = r.shape[1] <= 5
        heat_map(axis, pd.DataFrame(r[1:], tasks, tasks), numbers=5 if small else None)
        rest = np.triu(np.ones_like(r[1:]), 1).astype(bool)
        axis.imshow(
            np.where(rest, 1.0, np.nan), cmap="Greys", vmin=0, vmax=4, alpha=0.45, zorder=2,
            extent=(0, r.shape[1], r.shape[1], 0),
        )  # fmt: skip
        axis.set(title=wrapped(entry.title))
    axes[0][0].set(ylabel="after learning task")
    axes[-1][0].set(xlabel="accuracy on task (%)")
    for axis in list(axes.flat)[len(entries) :]:
        axis.set_axis_off()
    if not small:
        colour_bar(figure, axes)
    return figure


def forgetting(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Forgetting per method, with 95 % intervals and every seed."""
    column, shown = board.column("forgetting"), board.shown
    found = shown[(shown["metric"] == column.metric) & (shown["scenario"] == column.scenario)]
    entries = [e for e in board.entries if not np.isnan(e.cells[column].mean)]
    if not entries:
        return None
    figure, axes = grid(1, 1, height=0.3 + 0.22 * len(entries))
    axis: Axes = axes[0][0]
    for y, entry in enumerate(entries):
        seeds = of_entry(found, entry)["value"] * 100
        cell = entry.cells[column]
        half = 0.0 if np.isnan(cell.half_width) else cell.half_width * 100
        axis.barh(y, cell.mean * 100, xerr=half, color=colour(entry), height=0.6)
        axis.plot(seeds, [y] * len(seeds), "k.", ms=2)
    axis.set_yticks(range(len(entries)), [literal(entry.title) for entry in entries])
    axis.invert_yaxis()
    axis.set(xlabel=f"forgetting, {board.scenario} (percentage points)")
    return figure


def _panel(column: Column) -> str:
    """Its scenario, and that the identity was given at test where the scenario gives none."""
    return ", ".join(filter(None, (column.scenario, column.note)))
