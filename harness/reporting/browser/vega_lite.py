"""What the charts of a page share, as parts of Vega-Lite specifications.

The page sets the parameter `dark` of every specification and, of those that compare methods,
`visible`: the titles of the methods to show, or null for all. It draws their legend from
`usermeta`, which has title and shades of each method, as buttons that set `picked`: the titles of
the methods to bring out, or null for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from harness.analysis.leaderboard import Entry, Leaderboard
from harness.reporting.browser.colours import NIGHT, PAPER, readable
from harness.reporting.figures.style import colour, dashes

Spec = dict[str, Any]

METHOD: Final = "Method"
"""Column of the titles of methods."""
HEIGHT: Final = 320
"""Of a chart, in pixels."""
ROW_HEIGHT: Final = 22
"""Of a method in a chart with a row for each, in pixels."""

_DASHES: Final[Mapping[str, Sequence[int]]] = {
    "-": (1, 0),
    "--": (6, 3),
    ":": (2, 2),
    "-.": (6, 2, 2, 2),
}
VISIBLE: Final[Spec] = {"filter": f"!visible || indexof(visible, datum.{METHOD}) >= 0"}
"""Keeps the rows of the methods to show."""
_PICKED: Final = f"!picked || indexof(picked, datum.{METHOD}) >= 0"
OF_METHODS: Final[tuple[Spec, ...]] = (
    {"name": "visible", "value": None},
    {"name": "picked", "value": None},
)
"""Parameters of a chart that compares methods."""


def specification(transform: Sequence[Spec], *, params: Sequence[Spec], **rest: Any) -> Spec:
    """A specification as wide as the page lets it be.

    Args:
        transform: of all layers.
        params: parameters beside `dark`.
        **rest: of the specification.
    """
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "background": "transparent",
        "params": [{"name": "dark", "value": False}, *params],
        "transform": list(transform),
        **rest,
    }


def lines(
    board: Leaderboard,
    table: pd.DataFrame,
    *,
    x: Spec,
    y: Spec,
    params: Iterable[Spec],
    transform: Iterable[Spec],
    band: bool,
) -> Spec:
    """A line a method, with a point at each value.

    Args:
        board: has the methods.
        table: the numbers, with the column of methods.
        x: encoding of the abscissa.
        y: encoding of the ordinate.
        params: parameters beside those of the methods.
        transform: transformations beside the filter of methods.
        band: whether there is one between the columns "Low" and "High".
    """
    entries = board.entries
    dash = {
        "field": METHOD,
        "type": "nominal",
        "legend": None,
        "scale": {
            "domain": [entry.title for entry in entries],
            "range": [_DASHES[dashes(board, entry)] for entry in entries],
        },
    }
    limits = [number("Low"), number("High")] if band else []
    tooltip = [nominal(METHOD), number(x["field"], ".0f"), number(y["field"]), *limits]
    interval: Spec = {
        "mark": {"type": "area"},
        "encoding": {"y": {**y, "field": "Low"}, "y2": {"field": "High"}, "opacity": faded(0.15)},
    }
    return specification(
        [VISIBLE, *transform],
        usermeta={"legend": legend(board, table)},
        params=[*OF_METHODS, *params],
        height=HEIGHT,
        encoding={"x": x, "color": hue(board)},
        layer=[
            *([interval] if band else []),  # below the points, which answer to the pointer
            {
                "mark": {"type": "line"},
                "encoding": {"y": y, "strokeDash": dash, "opacity": faded(1)},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 60},
                "encoding": {"y": y, "opacity": faded(1), "tooltip": tooltip},
            },
        ],
    )


def hue(board: Leaderboard) -> Spec:
    """The colour of each method, in the shade that stands out from the page."""
    shades = [
        {"expr": f"dark ? '{one['dark']}' : '{one['light']}'"}
        for one in map(_shades, board.entries)
    ]
    scale = {"domain": [entry.title for entry in board.entries], "range": shades}
    return {"field": METHOD, "type": "nominal", "scale": scale, "legend": None}


def legend(board: Leaderboard, table: pd.DataFrame) -> list[dict[str, str]]:
    """Of the methods in a table, in the order of the leaderboard.

    Args:
        board: has the methods.
        table: the numbers of a chart.
    """
    drawn = set(table[METHOD])
    return [
        {"title": entry.title, **_shades(entry)} for entry in board.entries if entry.title in drawn
    ]


def rows(titles: Sequence[str]) -> Spec:
    """A row for each method, in this order.

    Args:
        titles: of the methods.
    """
    axis = {"labelLimit": 180, "title": None}
    return {"field": METHOD, "type": "nominal", "sort": list(titles), "axis": axis}


def choice(name: str, options: Sequence[str], first: str = "") -> Spec:
    """A choice of one value, which transformations know as `shown`.

    Args:
        name: of what is chosen.
        options: the values.
        first: the one that is shown at first; "" for the first of them.
    """
    return {
        "name": "shown",
        "value": first or options[0],
        "bind": {"input": "select", "options": list(options), "name": name},
    }


def faded(opacity: float) -> Spec:
    """An opacity, a tenth of it where other methods are brought out."""
    return {"condition": {"test": _PICKED, "value": opacity}, "value": opacity / 10}


def nominal(field: str) -> Spec:
    """A column of words, or of numbers that are names."""
    return {"field": field, "type": "nominal"}


def number(field: str, form: str = ",.2f") -> Spec:
    """A column of numbers in a tooltip.

    Args:
        field: the column.
        form: how they are printed, as d3-format has it.
    """
    return {"field": field, "type": "quantitative", "format": form}


def percent(field: str) -> Spec:
    """A column of percentages along an axis."""
    title = f"{field.lower()} (%)"
    return {"field": field, "type": "quantitative", "scale": {"zero": False}, "title": title}


def whole(field: str) -> Spec:
    """A column of whole numbers along an axis."""
    return {
        "field": field,
        "type": "quantitative",
        "axis": {"tickMinStep": 1, "format": "d", "title": field.lower()},
        "scale": {"nice": False},
    }


def _shades(entry: Entry) -> dict[str, str]:
    hue = colour(entry)
    return {"light": readable(hue, PAPER), "dark": readable(hue, NIGHT)}
