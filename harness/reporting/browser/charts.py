"""Figures that answer to the pointer: their numbers, and how Vega-Lite draws them.

The page sets the parameter `dark` of every specification and, of those that compare methods,
`visible`: the titles of the methods to show, or null for all. It draws their legend from
`usermeta`, which has title and shades of each method, as buttons that set `picked`: the titles of
the methods to bring out, or null for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isnan
from typing import Any, Final

import numpy as np
import pandas as pd

from harness.analysis.curves import average_accuracies, with_interval
from harness.analysis.leaderboard import (
    BYTES,
    LEADERBOARD,
    SECONDS,
    Cell,
    Column,
    Entry,
    Leaderboard,
    of_entry,
)
from harness.analysis.metrics.accuracy import matrix
from harness.analysis.metrics.definition import RUN, Unit
from harness.analysis.metrics.masks import pairs
from harness.analysis.statistics import beyond_scale
from harness.config.scenarios import TASK_IL
from harness.reporting import protocol
from harness.reporting.browser.colours import NIGHT, PAPER, readable
from harness.reporting.figures.style import colour, dashes, rows_of
from harness.reporting.model import Chart

Spec = dict[str, Any]
DrawChart = Callable[[pd.DataFrame, Leaderboard], Chart | None]

_METHOD: Final = "Method"
_ROW_HEIGHT: Final = 22
"""Of a method, in pixels."""
_HEIGHT: Final = 320
_MOST_NUMBERS: Final = 12
"""Rows of a heat map whose cells have room for a number on a phone."""

_SYMLOG: Final = 100
"""Costs are on a linear scale below, and on a logarithmic one above."""
_POWERS: Final = [10**power for power in range(2, 13)]

_DASHES: Final[Mapping[str, Sequence[int]]] = {
    "-": (1, 0),
    "--": (6, 3),
    ":": (2, 2),
    "-.": (6, 2, 2, 2),
}
_VISIBLE: Final[Spec] = {"filter": f"!visible || indexof(visible, datum.{_METHOD}) >= 0"}
_PICKED: Final = f"!picked || indexof(picked, datum.{_METHOD}) >= 0"
_OF_METHODS: Final[tuple[Spec, ...]] = (
    {"name": "visible", "value": None},
    {"name": "picked", "value": None},
)


def charts(rows: pd.DataFrame, board: Leaderboard) -> list[Chart]:
    """Every chart that there are data for; of runs with the scenario's own normalisation alone.

    Args:
        rows: raw measurements of one comparison (`harness.analysis.comparisons`).
        board: their leaderboard.
    """
    drawn = [draw(rows, board) for draw in (() if board.factors else CHARTS)]
    return [chart for chart in drawn if chart is not None]


def seeds(_: pd.DataFrame, board: Leaderboard) -> Chart | None:
    """Every metric of every seed, with mean and interval; one metric at a time."""
    columns = board.columns(*LEADERBOARD)
    table = pd.DataFrame(_values(board, columns))
    if table.empty:
        return None
    method: Spec = {
        "field": _METHOD,
        "type": "nominal",
        "sort": [entry.title for entry in board.entries],
        "axis": {"labelLimit": 180, "title": None},
    }
    hue = _hue(board)
    values = {"type": "quantitative", "scale": {"zero": False}, "axis": {"title": None}}
    tooltip = [_nominal(_METHOD), _nominal("Seed"), _number("Value")]
    interval = {"filter": "datum.Seed === 'mean'"}
    seed = {"filter": "datum.Seed !== 'mean'"}
    return Chart(
        title="Every seed",
        caption="One metric at a time: each seed (dots), the mean (bar) and its 95 % interval "
        "(line).",
        section=protocol.heading(board),
        data=table,
        spec=_spec(
            [_VISIBLE, {"filter": "datum.Metric === shown"}],
            params=[*_OF_METHODS, _select("Metric", list(dict.fromkeys(table["Metric"])))],
            height=_ROW_HEIGHT * len(board.entries),
            encoding={"y": method},
            layer=[
                {
                    "transform": [interval],
                    "mark": {"type": "rule", "strokeWidth": 2},
                    "encoding": {"x": {**values, "field": "Low"}, "x2": {"field": "High"}}
                    | {"color": hue},
                },
                {
                    "transform": [seed],
                    "mark": {"type": "point", "filled": True, "size": 45, "opacity": 0.65},
                    "encoding": {"x": {**values, "field": "Value"}, "color": hue}
                    | {"tooltip": tooltip},
                },
                {
                    "transform": [interval],
                    "mark": {"type": "tick", "thickness": 3, "size": 16},
                    "encoding": {"x": {**values, "field": "Value"}, "color": hue}
                    | {"tooltip": [*tooltip, _number("Low"), _number("High")]},
                },
            ],
        ),
    )


def curves(rows: pd.DataFrame, board: Leaderboard) -> Chart | None:
    """Average accuracy over the tasks learned so far: mean and 95 % interval."""
    accuracies = rows[rows["metric"] == "accuracy"]
    found = []
    for column in board.accuracies:
        for entry in board.entries:
            per_seed = average_accuracies(rows_of(accuracies, entry, column.scenario))
            if len(per_seed):
                drawn = (with_interval(per_seed) * 100).round(3).reset_index()
                found.append(drawn.assign(Method=entry.title, Asked=_asked(column)))
    if not found:
        return None
    names = {"after": "Tasks learned", "mean": "Accuracy", "low": "Low", "high": "High"}
    table = pd.concat(found, ignore_index=True).rename(columns=names)
    table = table[[_METHOD, "Asked", *names.values()]]
    asked = list(dict.fromkeys(table["Asked"]))
    return Chart(
        title="Average accuracy while tasks are learned",
        caption="Accuracy on the tasks learned so far, where all of them were tested: mean and "
        "95 % interval, %. Press names in the legend to bring methods out.",
        section=protocol.heading(board),
        data=table,
        spec=_lines(
            board,
            table,
            x=_whole("Tasks learned"),
            y=_percent("Accuracy"),
            params=[_select("Asked", asked)] if len(asked) > 1 else [],
            transform=[{"filter": "datum.Asked === shown"}] if len(asked) > 1 else [],
            band=True,
        ),
    )


def task_accuracies(rows: pd.DataFrame, board: Leaderboard) -> Chart | None:
    """R[i, j], mean over seeds, one method at a time."""
    accuracies = rows[rows["metric"] == "accuracy"]
    tables = {}
    for entry in board.entries:
        cells = rows_of(accuracies, entry, board.scenario)
        if len(cells):
            means = cells.groupby(["after", "task"])["value"].mean().reset_index()
            r = matrix(means)[1:]
            tasks = range(1, r.shape[1] + 1)
            tables[entry.title] = pd.DataFrame(r, index=range(1, len(r) + 1), columns=tasks)
    return _heat_map(
        board,
        tables,
        names=("After task", "On task"),
        title="Accuracy on each task",
        caption="Accuracy on each task (columns) after learning each task (rows), mean over "
        "seeds, %. The matrix of each seed is with its run, below.",
    )


def overlap(rows: pd.DataFrame, board: Leaderboard) -> Chart | None:
    """Intersection over union of the masks of two tasks, mean over seeds."""
    found = pairs(rows)
    return _heat_map(
        board,
        _pivoted(board, lambda entry: of_entry(found, entry), "other", "task"),
        names=("One task", "Other task"),
        title="Overlap of masks",
        caption="Intersection over union of the masks of two tasks, mean over seeds, %.",
    )


def confusion(rows: pd.DataFrame, board: Leaderboard) -> Chart | None:
    """Which task the test examples of each task were taken for, by the method's default rule."""
    if board.scenario == TASK_IL:
        return None
    found = rows[rows["metric"] == "inferred_as"]
    return _heat_map(
        board,
        _pivoted(board, lambda entry: rows_of(found, entry, board.scenario), "task", "other"),
        names=("True task", "Inferred task"),
        title="Task inference",
        caption="Which task the test examples of each task were taken for, after the last task, "
        "mean over seeds, %.",
    )


def masks(rows: pd.DataFrame, board: Leaderboard) -> Chart | None:
    """Share of the weights in each task's mask, and in any mask so far: means over seeds."""
    weights = rows[rows["metric"] == "weights"].groupby(RUN)["value"].sum()
    found = []
    for metric, along, name in (
        ("weights_used", "after", "Weights used by any mask so far"),
        ("mask_ones", "task", "Weights that the task's mask keeps"),
    ):
        counts = rows[rows["metric"] == metric].groupby([*RUN, along])["value"].sum()
        shares = (counts / weights * 100).rename("share").reset_index()
        for entry in board.entries:
            means = of_entry(shares, entry).groupby(along)["share"].mean().round(3)
            place = {"Tasks": means.index, "Share": means.to_numpy()}
            found.append(pd.DataFrame({_METHOD: entry.title, "Share of": name, **place}))
    table = pd.concat(found, ignore_index=True)
    if table.empty:
        return None
    return Chart(
        title="Masks",
        caption="Share of the weights by task, mean over seeds, %.",
        section=protocol.heading(board),
        data=table,
        spec=_lines(
            board,
            table,
            x=_whole("Tasks"),
            y=_percent("Share"),
            params=[_select("Share of", list(dict.fromkeys(table["Share of"])))],
            transform=[{"filter": "datum['Share of'] === shown"}],
            band=False,
        ),
    )


def costs(_: pd.DataFrame, board: Leaderboard) -> Chart | None:
    """Accuracy against what it costs: seconds, and bytes kept."""
    accuracy = board.column("acc")
    table = pd.DataFrame(
        {
            _METHOD: entry.title,
            "Cost": f"{column.title} ({column.definition.unit.value})",
            "Amount": round(entry.cells[column].mean, 3),
            "Accuracy": _shown(entry.cells[accuracy], accuracy),
        }
        for column in (BYTES, SECONDS)
        for entry in board.entries
        if not isnan(entry.cells[column].mean + entry.cells[accuracy].mean)
    )
    if table.empty:
        return None
    amount = {
        "field": "Amount",
        "type": "quantitative",
        "scale": {"type": "symlog", "constant": _SYMLOG},
        "axis": {
            "title": "cost",
            "labelExpr": "format(datum.value, '~s')",
            "values": [0, *_POWERS],
        },
    }
    return Chart(
        title="Accuracy against cost",
        caption="Average accuracy after the last task (%) against the bytes that predictions need "
        "beyond one network, or against the seconds of a run.",
        section=protocol.heading(board),
        data=table,
        spec=_spec(
            [_VISIBLE, {"filter": "datum.Cost === shown"}],
            usermeta={"legend": _legend(board, table)},
            params=[*_OF_METHODS, _select("Cost", list(dict.fromkeys(table["Cost"])))],
            height=_HEIGHT,
            mark={"type": "point", "filled": True, "size": 90},
            encoding={
                "x": amount,
                "y": _percent("Accuracy"),
                "color": _hue(board),
                "opacity": _faded(1),
                "tooltip": [_nominal(_METHOD), _number("Accuracy"), _number("Amount")],
            },
        ),
    )


CHARTS: Final[tuple[DrawChart, ...]] = (
    seeds,
    curves,
    task_accuracies,
    costs,
    masks,
    overlap,
    confusion,
)
"""In the order of a section."""


def _values(board: Leaderboard, columns: Sequence[Column]) -> Iterator[Spec]:
    """Each seed and the mean of each column and entry."""
    for column in columns:
        shown = board.shown
        mine = shown[(shown["metric"] == column.metric) & (shown["scenario"] == column.scenario)]
        unit = column.definition.unit
        name = f"{column.title} ({'%' if unit is Unit.PERCENT else unit.value})"
        scale, digits = (100, 3) if unit is Unit.PERCENT else (1, 2)
        for entry in board.entries:
            cell, at = entry.cells[column], {"Metric": name, _METHOD: entry.title}
            if isnan(cell.mean):
                continue
            wide = isnan(cell.half_width) or (scale == 100 and beyond_scale(cell.half_width))
            half = 0.0 if wide else cell.half_width
            ends = (cell.mean, cell.mean - half, cell.mean + half)
            drawn = [round(value * scale, digits) for value in ends]
            yield {**at, "Seed": "mean", **dict(zip(("Value", "Low", "High"), drawn, strict=True))}
            for row in of_entry(mine, entry).dropna(subset="value").to_dict("records"):
                value = round(float(row["value"]) * scale, digits)
                yield {**at, "Seed": str(row["seed"]), "Value": value}


def _pivoted(
    board: Leaderboard, mine: Callable[[Entry], pd.DataFrame], index: str, columns: str
) -> dict[str, pd.DataFrame]:
    """Means over seeds of each entry's rows, as tables by title."""
    return {
        entry.title: mine(entry).pivot_table(index=index, columns=columns, values="value")
        for entry in board.entries
    }


def _heat_map(
    board: Leaderboard,
    tables: Mapping[str, pd.DataFrame],
    names: tuple[str, str],
    title: str,
    caption: str,
) -> Chart | None:
    """Shares as coloured squares, one method at a time; None where all tables are empty.

    Args:
        board: what they belong to.
        tables: shares from 0 to 1, by the method's title.
        names: of rows and columns.
        title: of the chart.
        caption: of the chart.
    """
    shown = {name: table for name, table in tables.items() if len(table)}
    if not shown:
        return None
    down, across = names
    table = pd.DataFrame(
        {_METHOD: name, down: row, across: column, "Percent": round(float(value) * 100, 2)}
        for name, matrix_ in shown.items()
        for row, values in zip(matrix_.index, matrix_.to_numpy(), strict=True)
        for column, value in zip(matrix_.columns, values, strict=True)
        if not np.isnan(value)
    )
    tasks = sorted({int(task) for one in shown.values() for task in [*one.index, *one.columns]})
    position: Spec = {"type": "ordinal", "axis": {"labelAngle": 0}, "scale": {"domain": tasks}}
    tooltip = [_nominal(_METHOD), _nominal(down), _nominal(across), _number("Percent")]
    layers: list[Spec] = [
        {
            "mark": {"type": "rect"},
            "encoding": {
                "color": {
                    "field": "Percent",
                    "type": "quantitative",
                    "scale": {"scheme": "viridis", "domain": [0, 100]},
                    "legend": {"title": "%", "orient": "bottom"},
                },
                "tooltip": tooltip,
            },
        }
    ]
    if max(map(len, shown.values())) <= _MOST_NUMBERS:
        ink = {"condition": {"test": "datum.Percent > 60", "value": "#111"}, "value": "#fff"}
        text = {"field": "Percent", "type": "quantitative", "format": ".0f"}
        layers.append({"mark": {"type": "text"}, "encoding": {"text": text, "color": ink}})
    return Chart(
        title=title,
        caption=caption,
        section=protocol.heading(board),
        data=table,
        spec=_spec(
            [{"filter": f"datum['{_METHOD}'] === shown"}],
            params=[_select(_METHOD, list(shown), str(table[_METHOD].value_counts().idxmax()))],
            height=_HEIGHT,
            encoding={"y": {**position, "field": down}, "x": {**position, "field": across}},
            layer=layers,
        ),
    )


def _lines(
    board: Leaderboard,
    table: pd.DataFrame,
    *,
    x: Spec,
    y: Spec,
    params: Iterable[Spec],
    transform: Iterable[Spec],
    band: bool,
) -> Spec:
    """A line a method, with a point at each value; a band between "Low" and "High" if wanted."""
    entries = board.entries
    dash = {
        "field": _METHOD,
        "type": "nominal",
        "legend": None,
        "scale": {
            "domain": [entry.title for entry in entries],
            "range": [_DASHES[dashes(board, entry)] for entry in entries],
        },
    }
    limits = [_number("Low"), _number("High")] if band else []
    tooltip = [_nominal(_METHOD), _number(x["field"], ".0f"), _number(y["field"]), *limits]
    interval: Spec = {
        "mark": {"type": "area"},
        "encoding": {"y": {**y, "field": "Low"}, "y2": {"field": "High"}, "opacity": _faded(0.15)},
    }
    return _spec(
        [_VISIBLE, *transform],
        usermeta={"legend": _legend(board, table)},
        params=[*_OF_METHODS, *params],
        height=_HEIGHT,
        encoding={"x": x, "color": _hue(board)},
        layer=[
            *([interval] if band else []),  # below the points, which answer to the pointer
            {
                "mark": {"type": "line"},
                "encoding": {"y": y, "strokeDash": dash, "opacity": _faded(1)},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 60},
                "encoding": {"y": y, "opacity": _faded(1), "tooltip": tooltip},
            },
        ],
    )


def _spec(transform: Sequence[Spec], *, params: Sequence[Spec], **rest: Any) -> Spec:
    """A specification as wide as the page lets it be."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "background": "transparent",
        "params": [{"name": "dark", "value": False}, *params],
        "transform": list(transform),
        **rest,
    }


def _hue(board: Leaderboard) -> Spec:
    """The colour of each method, in the shade that stands out from the page."""
    shades = [
        {"expr": f"dark ? '{one['dark']}' : '{one['light']}'"}
        for one in map(_shades, board.entries)
    ]
    scale = {"domain": [entry.title for entry in board.entries], "range": shades}
    return {"field": _METHOD, "type": "nominal", "scale": scale, "legend": None}


def _legend(board: Leaderboard, table: pd.DataFrame) -> list[dict[str, str]]:
    """Of the methods in a table, in the order of the leaderboard."""
    drawn = set(table[_METHOD])
    return [
        {"title": entry.title, **_shades(entry)} for entry in board.entries if entry.title in drawn
    ]


def _shades(entry: Entry) -> dict[str, str]:
    hue = colour(entry)
    return {"light": readable(hue, PAPER), "dark": readable(hue, NIGHT)}


def _select(name: str, options: Sequence[str], first: str = "") -> Spec:
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


def _faded(opacity: float) -> Spec:
    return {"condition": {"test": _PICKED, "value": opacity}, "value": opacity / 10}


def _nominal(field: str) -> Spec:
    return {"field": field, "type": "nominal"}


def _number(field: str, form: str = ",.2f") -> Spec:
    return {"field": field, "type": "quantitative", "format": form}


def _percent(field: str) -> Spec:
    title = f"{field.lower()} (%)"
    return {"field": field, "type": "quantitative", "scale": {"zero": False}, "title": title}


def _whole(field: str) -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "axis": {"tickMinStep": 1, "format": "d", "title": field.lower()},
        "scale": {"nice": False},
    }


def _asked(column: Column) -> str:
    """Its scenario, and that the identity was given at test where the scenario gives none."""
    return ", ".join(filter(None, (column.scenario, column.note)))


def _shown(cell: Cell, column: Column) -> float:
    return round(cell.mean * (100 if column.definition.unit is Unit.PERCENT else 1), 3)
