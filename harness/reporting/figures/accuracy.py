"""Figures of accuracy and forgetting."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from harness.analysis.columns import Column
from harness.analysis.curves import average_accuracies, with_interval, without_gaps
from harness.analysis.leaderboard import Entry, Leaderboard, of_entry, rows_of
from harness.analysis.metrics.accuracy import mean_matrix
from harness.reporting.figures.heat_maps import heat_maps
from harness.reporting.figures.line_labels import label_lines
from harness.reporting.figures.style import (
    FULL,
    HALF,
    HEIGHT,
    colour,
    dashes,
    drawn_half_width,
    faint_seeds,
    grid,
    legend,
    mark,
    tall_enough,
)

NEGLIGIBLE: Final = 0.01
"""Forgetting below which there is nothing to draw: bars of it would only enlarge noise."""


def curves(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Average accuracy over the tasks learned so far: mean, 95 % band, each seed faint.

    Of long streams all tasks are tested after the last one only: there is nothing to draw.
    """
    panels = _averages(rows, board)
    if not panels:
        return None
    width = HALF if len(panels) == 1 else FULL
    height = tall_enough(len(board.entries), HEIGHT)
    figure, axes = grid(1, len(panels), height=height, width=width)
    for axis, (column, shares) in zip(axes[0], panels.items(), strict=True):
        for entry, each in shares:
            _curve(axis, board, entry, each)
        axis.set(title=column.asked, xlabel="tasks learned", ylabel="average accuracy (%)")
        axis.xaxis.get_major_locator().set_params(integer=True)
        label_lines(axis)
    return figure


def when_learned(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Accuracy on each task when it was learned, where `curves` has nothing to draw."""
    if _averages(rows, board):
        return None
    newest = rows[(rows["metric"] == "accuracy") & (rows["task"] == rows["after"])]
    own = [(entry, rows_of(newest, entry, board.scenario)) for entry in board.entries]
    if all(cells["task"].nunique() < 2 for _, cells in own):
        return None
    height = tall_enough(len(board.entries), HEIGHT)
    figure, axes = grid(1, 1, height=height, width=HALF)
    axis = axes[0][0]
    for entry, cells in own:
        shares = cells.pivot_table(index="task", columns="seed", values="value")
        _curve(axis, board, entry, shares)
    axis.set(title=board.scenario, xlabel="task", ylabel="accuracy on it (%)")
    axis.xaxis.get_major_locator().set_params(integer=True)
    label_lines(axis)
    return figure


def _averages(
    rows: pd.DataFrame, board: Leaderboard
) -> dict[Column, list[tuple[Entry, pd.DataFrame]]]:
    """By column, each entry's averages over the tasks learned so far, if any has no gap in them."""
    accuracies = rows[rows["metric"] == "accuracy"]
    found = {
        column: [
            (entry, average_accuracies(rows_of(accuracies, entry, column.scenario)))
            for entry in board.entries
        ]
        for column in board.accuracies
    }
    return {
        column: averages
        for column, averages in found.items()
        if any(without_gaps(each) for _, each in averages)
    }


def _curve(axis: Axes, board: Leaderboard, entry: Entry, shares: pd.DataFrame) -> None:
    if shares.empty:
        return
    per_seed, drawn = shares * 100, with_interval(shares) * 100
    hue = colour(entry)
    x = per_seed.index.to_numpy(dtype=float)
    faint_seeds(axis, per_seed, hue)
    axis.plot(
        x, drawn["mean"], dashes(board, entry), color=hue, marker=mark(entry), label=entry.title,
        markevery=-(-len(x) // 10), ms=3,
    )  # fmt: skip
    axis.fill_between(x, drawn["low"], drawn["high"], color=hue, alpha=0.15, lw=0)


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
    width = HALF if len(measured) == 1 else FULL
    figure, axes = grid(1, len(measured), height=HEIGHT, width=width)
    for column, axis in zip(measured, axes[0], strict=True):
        for title in dict.fromkeys(entry.curve for entry in several):
            points = sorted((e for e in several if e.curve == title), key=lambda e: e.epochs)
            cells = [entry.cells[column] for entry in points]
            axis.errorbar(
                [entry.epochs for entry in points],
                [cell.mean * 100 for cell in cells],
                [drawn_half_width(cell.half_width) for cell in cells],
                color=colour(points[0]),
                marker=mark(points[0]),
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
        axis.set(title=column.asked, xlabel="epochs a task", ylabel="average accuracy (%)")
    legend(axes[0])
    return figure


def epochs(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Accuracy on the task in training by epoch: mean over tasks, and the range of the tasks."""
    measured = rows[rows["metric"] == "epoch_accuracy"]
    if measured.empty:
        return None
    figure, axes = grid(1, 1, height=HEIGHT, width=HALF)
    axis = axes[0][0]
    for entry in board.entries:
        cells = of_entry(measured, entry)
        if cells.empty:
            continue
        of_tasks = cells.pivot_table(index="other", columns="task", values="value") * 100
        x = of_tasks.index.to_numpy(dtype=float)
        hue = colour(entry)
        axis.plot(
            x, of_tasks.mean(axis=1), dashes(board, entry), color=hue, marker=mark(entry),
            label=entry.title, markevery=-(-len(x) // 10), ms=3,
        )  # fmt: skip
        axis.fill_between(
            x, of_tasks.min(axis=1), of_tasks.max(axis=1), color=hue, alpha=0.12, lw=0
        )
    axis.set(xlabel="epochs of the task", ylabel="accuracy on it (%)", title=board.scenario)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    label_lines(axis)
    return figure


def matrices(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """R[i, j] of the methods that forget, mean over seeds; blank before a task is learned."""
    column = board.column("forgetting")
    accuracy = rows[rows["metric"] == "accuracy"]
    tables = {}
    for entry in board.entries:
        if not entry.cells[column].mean >= NEGLIGIBLE:  # NaN as well
            continue
        cells = rows_of(accuracy, entry, board.scenario)
        r = mean_matrix(cells) * 100
        tasks = range(1, r.shape[1] + 1)
        if len(tasks) > 1:
            later = np.triu(np.ones_like(r[1:]), 1).astype(bool)
            tables[entry.title] = pd.DataFrame(np.where(later, np.nan, r[1:]), tasks, tasks)
    drawn = heat_maps(tables, "task", "after learning")
    return drawn[0] if drawn else None
