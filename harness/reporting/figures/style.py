"""How figures look: colours, lines, grids of panels, legends and heat maps."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.analysis.leaderboard import Entry, Leaderboard, of_entry
from harness.config.scenarios import TASK_IL

_DARK: Final = (
    *("#001c7f", "#b1400d", "#12711c", "#8c0800", "#591e71"),
    *("#592f0d", "#a23582", "#3c3c3c", "#b8850a", "#006374"),
)
"""The palette "dark" of seaborn, which takes half a second to import."""

_DASHES: Final = ("-", "--", ":", "-.")
MARKS: Final = dict(zip(_DASHES, "osD^", strict=True))
STYLE: Final[Any] = {
    "pdf.fonttype": 42,
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 8,
    "legend.frameon": False,
    "legend.fontsize": 7,
    "legend.labelspacing": 0.3,
    "savefig.dpi": 300,
}
_MOST_SEEDS: Final = 50
"""The lines of more seeds run into one another, and take minutes to draw."""

_MOST_LABELS: Final = 10
"""Along a side of a heat map."""

_LUMA: Final = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in how light a colour looks (ITU-R BT.601)."""

_WIDTH: Final = 6.7  # inches, the text width of the report


def colour(entry: Entry) -> str:
    """The colour of a method in every report: its own, or one derived from its name."""
    return entry.colour or _DARK[sum(map(ord, entry.baseline)) % len(_DARK)]


def dashes(board: Leaderboard, entry: Entry) -> str:
    """The line style that tells several settings of one method apart, which share its colour.

    Args:
        board: with all settings of the method.
        entry: one of them.
    """
    settings = [one.setting for one in board.entries if one.baseline == entry.baseline]
    return _DASHES[settings.index(entry.setting) % len(_DASHES)]


def wrapped(title: str) -> str:
    """A title in lines that fit a panel or a legend."""
    return textwrap.fill(literal(title), 24)


def literal(text: str) -> str:
    """A text that matplotlib shows as it is, with dollars that begin no formula."""
    return text.replace("$", r"\$")


def grid(rows: int, columns: int, *, height: float) -> tuple[Figure, Any]:
    """A figure as wide as the text, and its panels, (rows, columns).

    Args:
        rows: of panels.
        columns: of panels.
        height: of a row, in inches.
    """
    # "constrained" would cut the titles of square panels
    figure = Figure(figsize=(_WIDTH, height * rows), layout="compressed")
    return figure, figure.subplots(rows, columns, squeeze=False)


def faint_seeds(axis: Axes, per_seed: pd.DataFrame, hue: str, alpha: float = 0.15) -> None:
    """Each seed as a faint line; none if there are more than 50 seeds.

    Args:
        axis: where to draw.
        per_seed: one row a place on the abscissa, one column a seed.
        hue: the colour.
        alpha: how opaque a line is.
    """
    if per_seed.shape[1] <= _MOST_SEEDS:
        x = per_seed.index.to_numpy(dtype=float)
        axis.plot(x, per_seed, color=hue, alpha=alpha, lw=0.5)


def legend(axes: Sequence[Axes]) -> None:
    """One for all panels of a row, right of the last."""
    shown = [axis.get_legend_handles_labels() for axis in axes]
    handles = {title: handle for pair in shown for handle, title in zip(*pair, strict=True)}
    titles = [wrapped(title) for title in handles]
    axes[-1].legend(handles.values(), titles, loc="center left", bbox_to_anchor=(1, 0.5))


def heat_maps(
    tables: dict[str, pd.DataFrame], xlabel: str, ylabel: str, cmap: str = "viridis"
) -> Figure | None:
    """Shares in percent, one panel for each table that is not empty; None if all are.

    Args:
        tables: shares from 0 to 1 by the panel's title.
        xlabel: of all panels.
        ylabel: of all panels.
        cmap: name of a colour map.
    """
    shown = {title: table for title, table in tables.items() if len(table)}
    if not shown:
        return None
    columns = 3
    figure, axes = grid(-(-len(shown) // columns), columns, height=2.4)
    small = max(map(len, shown.values())) <= 10
    for axis in axes.flat[len(shown) :]:
        axis.set_axis_off()
    for axis, (title, table) in zip(axes.flat, shown.items(), strict=False):
        heat_map(axis, table * 100, cmap, numbers=4.5 if small else None)
        axis.set(title=wrapped(title), xlabel=xlabel, ylabel=ylabel)
    if not small:
        colour_bar(figure, axes)
    return figure


def heat_map(
    axis: Axes, table: pd.DataFrame, cmap: str = "viridis", *, numbers: float | None = None
) -> None:
    """Percentages as coloured squares, the first row at the top; what is missing stays blank.

    Args:
        axis: where to draw.
        table: percentages; the names of rows and columns stand at the ticks.
        cmap: name of a colour map.
        numbers: size in points of the number in each cell; None for cells too small for one.
    """
    values = table.to_numpy(dtype=float)
    mesh = axis.pcolormesh(values, cmap=cmap, vmin=0, vmax=100, rasterized=numbers is None)
    shades = mesh.to_rgba(values)[..., :3] @ _LUMA
    for (row, column), value in np.ndenumerate(values) if numbers else ():
        if not np.isnan(value):
            ink = "0.15" if shades[row, column] > 0.5 else "w"
            at = (column + 0.5, row + 0.5)
            axis.text(*at, f"{value:.0f}", color=ink, size=numbers, ha="center", va="center")
    for side, names in ((axis.yaxis, table.index), (axis.xaxis, table.columns)):
        labelled = range(0, len(names), -(-len(names) // _MOST_LABELS))
        side.set_ticks([place + 0.5 for place in labelled], [str(names[at]) for at in labelled])
    axis.invert_yaxis()
    axis.set_aspect("equal")
    axis.spines[:].set_visible(False)
    axis.tick_params(labelsize=5, length=0)


def colour_bar(figure: Figure, axes: Any) -> None:
    """What the colours of heat maps mean whose cells are too small for numbers."""
    bar = figure.colorbar(axes[0][0].collections[0], ax=axes, aspect=40, pad=0.01)
    bar.ax.tick_params(labelsize=5, length=0)
    bar.outline.set_visible(False)


def rows_of(rows: pd.DataFrame, entry: Entry, scenario: str) -> pd.DataFrame:
    """The rows of one method with one setting under a scenario; of several rules, its default.

    Args:
        rows: raw measurements.
        entry: the method.
        scenario: of `harness.config.scenarios.SCENARIOS`.
    """
    mine = of_entry(rows, entry)
    mine = mine[mine["scenario"] == scenario]
    return mine if scenario == TASK_IL else mine[mine["rule"] == entry.rule]
