"""Names beside the ends of lines, in place of a legend that a reader must look up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from harness.reporting.figures.style import legend, literal

_SIZE: Final = 6.5  # points
_LINE: Final = 1.15
"""Height of a line of text over its size."""
_LONGEST: Final = 14
"""Characters; a longer name would take the width of the figure from the lines."""
_POINTS: Final = 72  # an inch
_USED: Final = 0.7
"""Share of a figure's height that its panels have at least."""


def label_lines(axis: Axes) -> None:
    """Write the label of each line at its end, right of the panel, in the line's colour.

    Labels that would cover one another are moved apart, with a thin line to the end that each
    belongs to. Where that many do not fit, or one is long, there is a legend.

    Args:
        axis: a panel as high as its figure, with all its lines and its final limits.
    """
    lines = [one for one in axis.get_lines() if not str(one.get_label()).startswith("_")]
    figure = axis.get_figure(root=True)
    assert figure is not None
    height = figure.get_figheight() * _USED * _POINTS
    step = _SIZE * _LINE / height
    if len(lines) * step > 1 or any(len(str(one.get_label())) > _LONGEST for one in lines):
        legend([axis])
        return
    ends = sorted(((_end(axis, line), line) for line in lines), key=lambda pair: pair[0])
    places = spread([end for end, _ in ends], step)
    for (end, line), place in zip(ends, places, strict=True):
        hue = line.get_color()
        axis.annotate(
            literal(str(line.get_label())),
            (1.0, end),
            (1.07, place),
            xycoords="axes fraction",
            textcoords="axes fraction",
            color=hue,
            size=_SIZE,
            va="center",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": hue, "lw": 0.4, "shrinkA": 0, "shrinkB": 0},
        )


def spread(places: Sequence[float], step: float) -> list[float]:
    """Places between 0 and 1 that are at least a step apart, close to those that are wanted.

    Args:
        places: in ascending order.
        step: the least distance; so many steps fit between 0 and 1.

    >>> spread([0.5, 0.5, 0.9], 0.25)
    [0.375, 0.625, 0.9]
    >>> spread([0.9, 1.0], 0.25)
    [0.75, 1.0]
    """
    groups: list[list[float]] = []  # each as wide as its members need, around their mean
    for place in places:
        groups.append([place])
        while len(groups) > 1 and _start(groups[-1], step) < _start(groups[-2], step) + step * len(
            groups[-2]
        ):
            last = groups.pop()
            groups[-1] += last
    return [_start(group, step) + step * number for group in groups for number in range(len(group))]


def _start(group: Sequence[float], step: float) -> float:
    """Where the first of a group of neighbours stands, so that the last is not above 1."""
    width = step * (len(group) - 1)
    return min(max(sum(group) / len(group) - width / 2, 0.0), 1.0 - width)


def _end(axis: Axes, line: Line2D) -> float:
    """Height of a line's last point, from 0 at the bottom of the panel to 1 at its top."""
    low, high = axis.get_ylim()
    values = np.asarray(line.get_ydata(), dtype=float)
    values = values[~np.isnan(values)]
    return float((values[-1] - low) / (high - low)) if len(values) else 0.0
