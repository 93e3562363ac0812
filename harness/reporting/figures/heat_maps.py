"""Tables of numbers as coloured squares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.reporting.figures.style import FULL, HALF, grid, wrapped

_MOST_LABELS: Final = 10
"""Along a side of a heat map."""

_MOST_NUMBERS: Final = 10
"""Rows of a heat map whose cells have room for a number."""

_A_ROW: Final = {True: {HALF: 3, FULL: 7}, False: {HALF: 2, FULL: 5}}
"""Panels beside each other, by whether they have few rows and by the width of the figure."""

_FEW: Final = 5

_TITLES: Final = 0.42
"""Inches of a row of panels that its titles and names take, beside the panels' own height."""

_LUMA: Final = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in how light a colour looks (ITU-R BT.601)."""


def heat_maps(
    tables: Mapping[str, pd.DataFrame],
    xlabel: str,
    ylabel: str,
    *,
    cmap: str = "viridis",
    highest: float | None = 100.0,
) -> tuple[Figure, Any] | None:
    """Percentages, one panel for each table of more than one number.

    Args:
        tables: percentages by the panel's title; NaN for what was not measured.
        xlabel: of all panels.
        ylabel: of all panels.
        cmap: name of a colour map.
        highest: percentage of the last colour; None for the largest there is.

    Returns:
        The figure and its panels that are used, or None if there are none.
    """
    shown = {title: table for title, table in tables.items() if table.count().sum() > 1}
    if not shown:
        return None
    most = max(map(len, shown.values()))
    a_row = _A_ROW[most <= _FEW]
    width = HALF if len(shown) <= a_row[HALF] else FULL
    columns = min(a_row[width], max(len(shown), 2))
    height = _TITLES + 0.8 * FULL / a_row[FULL]
    figure, axes = grid(-(-len(shown) // columns), columns, height=height, width=width)
    for axis in axes.flat[len(shown) :]:
        axis.set_axis_off()
    few = most <= _MOST_NUMBERS
    top = max(float(np.nanmax(t.to_numpy(dtype=float))) for t in shown.values())
    scale = (0.0, highest if highest is not None else top or 1.0)
    panels = list(axes.flat)[: len(shown)]
    for axis, (title, table) in zip(panels, shown.items(), strict=True):
        heat_map(axis, table, cmap, scale=scale, numbers=4.5 if few else None)
        axis.set_title(wrapped(title, 13 if most <= _FEW else 20), size=6.5)
    for place, axis in enumerate(panels):
        if place % columns == 0:
            axis.set_ylabel(ylabel, size=6.5)
        axis.set_xlabel(xlabel, size=6.5)
    if not few or highest is None:
        colour_bar(figure, axes)
    return figure, panels


def heat_map(
    axis: Axes,
    table: pd.DataFrame,
    cmap: str = "viridis",
    *,
    scale: tuple[float, float] = (0.0, 100.0),
    numbers: float | None = None,
) -> None:
    """Percentages as coloured squares, the first row at the top; what is missing stays blank.

    Args:
        axis: where to draw.
        table: percentages; the names of rows and columns stand at the ticks.
        cmap: name of a colour map.
        scale: percentages of its first and last colour.
        numbers: size in points of the number in each cell; None for cells too small for one.
    """
    values = table.to_numpy(dtype=float)
    low, high = scale
    mesh = axis.pcolormesh(values, cmap=cmap, vmin=low, vmax=high, rasterized=numbers is None)
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
    """What the colours of heat maps mean.

    Args:
        figure: with the panels.
        axes: the panels, (rows, columns), all of one scale.
    """
    bar = figure.colorbar(axes[0][0].collections[0], ax=axes, aspect=30, pad=0.01)
    bar.ax.tick_params(labelsize=5, length=0)
    bar.outline.set_visible(False)
