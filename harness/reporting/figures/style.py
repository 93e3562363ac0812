"""How figures look: colours, marks, lines, sizes and panels."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from math import isnan
from typing import Any, Final
from zlib import crc32

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.analysis.leaderboard import Entry, Leaderboard
from harness.analysis.statistics import beyond_scale

_DARK: Final = (
    *("#001c7f", "#b1400d", "#12711c", "#8c0800", "#591e71"),
    *("#592f0d", "#a23582", "#3c3c3c", "#b8850a", "#006374"),
)
"""The palette "dark" of seaborn, which takes half a second to import."""

_MARKS: Final = "os^vDPX<>ph*d"
_SALT: Final = 1203
"""Start of the checksum that chooses a method's mark: with this one, those that are compared by
default have different ones, and so have any two of nearly one colour."""

_DASHES: Final = ("-", "--", ":", "-.")
STYLE: Final[Any] = {
    "pdf.fonttype": 42,
    "svg.hashsalt": "harness",  # else the names within an SVG are random
    "font.size": 7.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 7.5,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "legend.frameon": False,
    "legend.fontsize": 6.5,
    "legend.labelspacing": 0.3,
    "legend.handlelength": 3.2,  # shows two dashes
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "savefig.dpi": 300,
}
_MOST_SEEDS: Final = 50
"""The lines of more seeds run into one another, and take minutes to draw."""

FULL: Final = 6.75
"""Inches: the text width of the report, and of two columns of a paper."""
HALF: Final = 3.25
"""Inches: a column of a paper."""
HEIGHT: Final = 1.5
"""Inches: of a figure that is a column wide."""


def colour(entry: Entry) -> str:
    """The colour of a method in every figure: its own, or one derived from its name."""
    return entry.colour or _DARK[sum(map(ord, entry.baseline)) % len(_DARK)]


def mark(entry: Entry) -> str:
    """The marker of a method in every figure, derived from its name."""
    return _MARKS[crc32(entry.baseline.encode(), _SALT) % len(_MARKS)]


def dashes(board: Leaderboard, entry: Entry) -> str:
    """The line style that tells several settings of one method apart, which share its colour.

    Args:
        board: with all settings of the method.
        entry: one of them.
    """
    settings = [one.setting for one in board.entries if one.baseline == entry.baseline]
    return _DASHES[settings.index(entry.setting) % len(_DASHES)]


def wrapped(title: str, width: int = 24) -> str:
    """A title in lines that fit a panel or a legend.

    Args:
        title: as printed.
        width: characters of a line.
    """
    return textwrap.fill(literal(title), width)


def literal(text: str) -> str:
    """A text that matplotlib shows as it is, with dollars that begin no formula."""
    return text.replace("$", r"\$")


def grid(rows: int, columns: int, *, height: float, width: float = FULL) -> tuple[Figure, Any]:
    """A figure and its panels, (rows, columns).

    Args:
        rows: of panels.
        columns: of panels.
        height: of a row, in inches.
        width: of the figure, `FULL` or `HALF`.
    """
    # "constrained" would cut the titles of square panels
    figure = Figure(figsize=(width, height * rows), layout="compressed")
    return figure, figure.subplots(rows, columns, squeeze=False)


def tall_enough(names: int, least: float) -> float:
    """Inches of a figure with so many names beside it, one below the other.

    Args:
        names: their number.
        least: inches of a figure with few.
    """
    return max(least, 0.15 * names)


def drawn_half_width(half: float) -> float:
    """Points of an interval to either side; none of one that is not known or says nothing.

    Args:
        half: width, as a share.
    """
    return 0.0 if isnan(half) or beyond_scale(half) else half * 100


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
    """One for all panels of a row, right of the last.

    Args:
        axes: the panels.
    """
    shown = [axis.get_legend_handles_labels() for axis in axes]
    handles = {title: handle for pair in shown for handle, title in zip(*pair, strict=True)}
    titles = [wrapped(title) for title in handles]
    axes[-1].legend(handles.values(), titles, loc="center left", bbox_to_anchor=(1, 0.5))
