"""Metrics of every seed as a chart, one metric at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isnan

import pandas as pd

from harness.analysis.columns import Cell, Column
from harness.analysis.leaderboard import Leaderboard, of_entry
from harness.analysis.metrics.definition import Unit
from harness.analysis.statistics import beyond_scale
from harness.reporting import protocol
from harness.reporting.browser import vega_lite
from harness.reporting.browser.vega_lite import Spec
from harness.reporting.model import Chart


def every_seed(
    board: Leaderboard,
    columns: Sequence[Column],
    cells: Mapping[tuple[str, str], Mapping[Column, Cell]],
    *,
    title: str,
    caption: str,
) -> Chart | None:
    """Each seed with the mean and its interval, by method; None where nothing was measured.

    Args:
        board: has the methods.
        columns: the metrics.
        cells: their means, by baseline and setting (`harness.analysis.columns.cells_of`).
        title: of the chart.
        caption: what the metrics are.
    """
    table = pd.DataFrame(_values(board, columns, cells))
    if table.empty:
        return None
    drawn = set(table[vega_lite.METHOD])
    titles = [entry.title for entry in board.entries if entry.title in drawn]
    hue = vega_lite.hue(board)
    values = {"type": "quantitative", "scale": {"zero": False}, "axis": {"title": None}}
    tooltip = [
        vega_lite.nominal(vega_lite.METHOD),
        vega_lite.nominal("Seed"),
        vega_lite.number("Value"),
    ]
    interval = {"filter": "datum.Seed === 'mean'"}
    seed = {"filter": "datum.Seed !== 'mean'"}
    return Chart(
        title=title,
        caption=f"{caption} One metric at a time: each seed (dots), the mean (bar) and its 95 % "
        "interval (line).",
        section=protocol.heading(board),
        data=table,
        spec=vega_lite.specification(
            [vega_lite.VISIBLE, {"filter": "datum.Metric === shown"}],
            params=[
                *vega_lite.OF_METHODS,
                vega_lite.choice("Metric", list(dict.fromkeys(table["Metric"]))),
            ],
            height=vega_lite.ROW_HEIGHT * len(titles),
            encoding={"y": vega_lite.rows(titles)},
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
                    | {"tooltip": [*tooltip, vega_lite.number("Low"), vega_lite.number("High")]},
                },
            ],
        ),
    )


def _values(
    board: Leaderboard,
    columns: Sequence[Column],
    cells: Mapping[tuple[str, str], Mapping[Column, Cell]],
) -> Iterator[Spec]:
    """Each seed and the mean of each column and entry."""
    for column in columns:
        mine = column.of(board.shown)
        unit = column.definition.unit
        measured_in = f"({'%' if unit is Unit.PERCENT else unit.value})"
        name = f"{column.title.removesuffix(measured_in).strip()} {measured_in}"
        scale, digits = (100, 3) if unit is Unit.PERCENT else (1, 2)
        for entry in board.entries:
            cell = cells[entry.baseline, entry.setting][column]
            at = {"Metric": name, vega_lite.METHOD: entry.title}
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
