"""Figures that answer to the pointer: their numbers, and how Vega-Lite draws them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isnan
from typing import Final

import numpy as np
import pandas as pd

from harness.analysis.columns import BYTES, LEADERBOARD, SECONDS, Cell, Column
from harness.analysis.curves import average_accuracies, with_interval, without_gaps
from harness.analysis.leaderboard import Entry, Leaderboard, of_entry, rows_of
from harness.analysis.metrics.accuracy import mean_matrix
from harness.analysis.metrics.definition import RUN, Unit
from harness.analysis.metrics.masks import pairs
from harness.config.scenarios import TASK_IL
from harness.reporting import protocol
from harness.reporting.browser import unlabelled_charts, vega_lite
from harness.reporting.browser.metric_chart import every_seed
from harness.reporting.browser.vega_lite import Spec
from harness.reporting.model import Chart

DrawChart = Callable[[pd.DataFrame, Leaderboard], Chart | None]

_MOST_NUMBERS: Final = 12
"""Rows of a heat map whose cells have room for a number on a phone."""

_SYMLOG: Final = 100
"""Costs are on a linear scale below, and on a logarithmic one above."""
_POWERS: Final = [10**power for power in range(2, 13)]


def charts(rows: pd.DataFrame, board: Leaderboard) -> list[Chart]:
    """Every chart that there are data for; of runs with the scenario's own normalisation alone.

    Args:
        rows: raw measurements of one comparison (`harness.analysis.comparisons`).
        board: their leaderboard.
    """
    drawn = [draw(rows, board) for draw in (() if board.factors else CHARTS)]
    return [chart for chart in drawn if chart is not None]


def seeds(_: pd.DataFrame, board: Leaderboard) -> Chart | None:
    """Every metric of the leaderboard, of every seed."""
    return every_seed(
        board,
        board.columns(*LEADERBOARD),
        {(entry.baseline, entry.setting): entry.cells for entry in board.entries},
        title="Every seed",
        caption="Accuracy, transfer, masks and costs.",
    )


def curves(rows: pd.DataFrame, board: Leaderboard) -> Chart | None:
    """Average accuracy over the tasks learned so far: mean and 95 % interval.

    Of long streams all tasks are tested after the last one only: there is nothing to draw.
    """
    accuracies = rows[rows["metric"] == "accuracy"]
    found = []
    for column in board.accuracies:
        for entry in board.entries:
            per_seed = average_accuracies(rows_of(accuracies, entry, column.scenario))
            if without_gaps(per_seed):
                drawn = (with_interval(per_seed) * 100).round(3).reset_index()
                found.append(drawn.assign(Method=entry.title, Asked=column.asked))
    if not found:
        return None
    names = {"after": "Tasks learned", "mean": "Accuracy", "low": "Low", "high": "High"}
    table = pd.concat(found, ignore_index=True).rename(columns=names)
    table = table[[vega_lite.METHOD, "Asked", *names.values()]]
    asked = list(dict.fromkeys(table["Asked"]))
    return Chart(
        title="Average accuracy while tasks are learned",
        caption="Accuracy on the tasks learned so far, where all of them were tested: mean and "
        "95 % interval, %. Press names in the legend to bring methods out.",
        section=protocol.heading(board),
        data=table,
        spec=vega_lite.lines(
            board,
            table,
            x=vega_lite.whole("Tasks learned"),
            y=vega_lite.percent("Accuracy"),
            params=[vega_lite.choice("Asked", asked)] if len(asked) > 1 else [],
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
            r = mean_matrix(cells)[1:]
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
            found.append(pd.DataFrame({vega_lite.METHOD: entry.title, "Share of": name, **place}))
    table = pd.concat(found, ignore_index=True)
    if table.empty:
        return None
    return Chart(
        title="Masks",
        caption="Share of the weights by task, mean over seeds, %.",
        section=protocol.heading(board),
        data=table,
        spec=vega_lite.lines(
            board,
            table,
            x=vega_lite.whole("Tasks"),
            y=vega_lite.percent("Share"),
            params=[vega_lite.choice("Share of", list(dict.fromkeys(table["Share of"])))],
            transform=[{"filter": "datum['Share of'] === shown"}],
            band=False,
        ),
    )


def costs(_: pd.DataFrame, board: Leaderboard) -> Chart | None:
    """Accuracy against what it costs: seconds, and bytes kept."""
    accuracy = board.column("acc")
    table = pd.DataFrame(
        {
            vega_lite.METHOD: entry.title,
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
        spec=vega_lite.specification(
            [vega_lite.VISIBLE, {"filter": "datum.Cost === shown"}],
            usermeta={"legend": vega_lite.legend(board, table)},
            params=[
                *vega_lite.OF_METHODS,
                vega_lite.choice("Cost", list(dict.fromkeys(table["Cost"]))),
            ],
            height=vega_lite.HEIGHT,
            mark={"type": "point", "filled": True, "size": 90},
            encoding={
                "x": amount,
                "y": vega_lite.percent("Accuracy"),
                "color": vega_lite.hue(board),
                "opacity": vega_lite.faded(1),
                "tooltip": [
                    vega_lite.nominal(vega_lite.METHOD),
                    vega_lite.number("Accuracy"),
                    vega_lite.number("Amount"),
                ],
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
    unlabelled_charts.identity,
    unlabelled_charts.detection,
    unlabelled_charts.switches,
    unlabelled_charts.old_new,
)
"""In the order of a section."""


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
        {vega_lite.METHOD: name, down: row, across: column, "Percent": round(float(value) * 100, 2)}
        for name, matrix_ in shown.items()
        for row, values in zip(matrix_.index, matrix_.to_numpy(), strict=True)
        for column, value in zip(matrix_.columns, values, strict=True)
        if not np.isnan(value)
    )
    tasks = sorted({int(task) for one in shown.values() for task in [*one.index, *one.columns]})
    position: Spec = {"type": "ordinal", "axis": {"labelAngle": 0}, "scale": {"domain": tasks}}
    tooltip = [
        vega_lite.nominal(vega_lite.METHOD),
        vega_lite.nominal(down),
        vega_lite.nominal(across),
        vega_lite.number("Percent"),
    ]
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
        spec=vega_lite.specification(
            [{"filter": f"datum['{vega_lite.METHOD}'] === shown"}],
            params=[
                vega_lite.choice(
                    vega_lite.METHOD,
                    list(shown),
                    str(table[vega_lite.METHOD].value_counts().idxmax()),
                )
            ],
            height=vega_lite.HEIGHT,
            encoding={"y": {**position, "field": down}, "x": {**position, "field": across}},
            layer=layers,
        ),
    )


def _shown(cell: Cell, column: Column) -> float:
    return round(cell.mean * (100 if column.definition.unit is Unit.PERCENT else 1), 3)
