"""The figure that a report begins with: every method's accuracy and forgetting by scenario."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.analysis.columns import Column
from harness.analysis.differences import by_seed
from harness.analysis.leaderboard import Entry, Leaderboard
from harness.reporting.figures.accuracy import NEGLIGIBLE
from harness.reporting.figures.style import colour, drawn_half_width, grid, literal, mark

_ROW = 0.13
"""Inches of a method's row."""


def ranking(boards: Sequence[Leaderboard]) -> Figure:
    """ACC and forgetting of each method: mean, 95 % interval, seeds, and what the paper prints.

    Forgetting has a panel wherever a method forgets 1 point or more.

    Args:
        boards: one a scenario, none with variants; the order of the methods is that of the first.
    """
    names = list(dict.fromkeys(entry.baseline for board in boards for entry in board.entries))
    titles = {entry.baseline: entry.title for board in boards for entry in board.entries}
    panels = [(board, column) for board in boards for column in _columns(board)]
    figure, axes = grid(1, len(panels), height=0.6 + _ROW * len(names))
    for axis, (board, column) in zip(axes[0], panels, strict=True):
        for entry in board.entries:
            _draw(axis, board, entry, column, names.index(entry.baseline))
        axis.set_yticks(range(len(names)), [literal(titles[name]) for name in names])
        axis.set(ylim=(len(names) - 0.4, -0.6), title=board.scenario)
        axis.set_xlabel(f"{column.definition.title} (%)")
        axis.grid(axis="x", lw=0.3, color="0.88")
        axis.tick_params(axis="y", length=0)
    for axis in axes[0][1:]:
        axis.set_yticklabels([])
    return figure


def _columns(board: Leaderboard) -> list[Column]:
    """Accuracy, and forgetting if there is any."""
    forgetting = board.column("forgetting")
    means = [abs(entry.cells[forgetting].mean) for entry in board.entries]
    forgets = any(mean >= NEGLIGIBLE for mean in means)
    return [board.column("acc"), *([forgetting] if forgets else [])]


def _draw(axis: Axes, board: Leaderboard, entry: Entry, column: Column, row: int) -> None:
    cell, hue = entry.cells[column], colour(entry)
    quoted = entry.paper(board.scenario)
    if quoted and column == board.column("acc"):
        axis.plot(float(quoted.split()[0]), row, "|", color="0.25", ms=9, mew=1.2, zorder=1)
    if isnan(cell.mean):
        return
    seeds = by_seed(board, entry, column) * 100
    axis.plot(seeds, [row + 0.28] * len(seeds), ".", color=hue, ms=2, alpha=0.5, mew=0)
    half = drawn_half_width(cell.half_width)
    axis.errorbar(
        cell.mean * 100, row, xerr=half, fmt=mark(entry), color=hue, ms=4, lw=1.0, capsize=1.5
    )
