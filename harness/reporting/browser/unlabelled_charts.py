"""Charts of streams without task labels: switches noticed, old told from new, what labels add."""

from __future__ import annotations

from math import isnan
from typing import Final

import pandas as pd

from harness.analysis.columns import cells_of
from harness.analysis.curves import old_from_new, with_interval
from harness.analysis.leaderboard import Leaderboard, of_entry
from harness.analysis.metrics.definition import Section
from harness.reporting import protocol
from harness.reporting.browser import vega_lite
from harness.reporting.browser.metric_chart import every_seed
from harness.reporting.browser.vega_lite import Spec
from harness.reporting.model import Chart

_SEED_HEIGHT: Final = 8
"""Of the marks of a seed, in pixels."""
_FIRST_BATCH: Final = "first batch of a task"
_NEW_MASK: Final = "mask begun"
_GIVEN: Final = "given at test"
_NOT_GIVEN: Final = "not given"
_SCORES: Final = {"old_new_auroc": "AUROC", "old_new_fpr": "FPR at 95 % TPR"}


def identity(_: pd.DataFrame, board: Leaderboard) -> Chart | None:
    """Accuracy without the task identity beside that of the same runs with it."""
    if len(board.accuracies) < 2:
        return None
    table = pd.DataFrame(
        {
            vega_lite.METHOD: entry.title,
            "Task identity": _GIVEN if column.note else _NOT_GIVEN,
            "Accuracy": round(entry.cells[column].mean * 100, 3),
        }
        for entry in board.entries
        for column in board.accuracies
        if not isnan(entry.cells[column].mean)
    )
    drawn = list(dict.fromkeys(table[vega_lite.METHOD]))
    shape: Spec = {
        "field": "Task identity",
        "type": "nominal",
        "scale": {"domain": [_NOT_GIVEN, _GIVEN], "range": ["circle", "diamond"]},
        "legend": {"title": "task identity", "orient": "bottom", "symbolFillColor": "gray"},
    }
    tooltip = [*map(vega_lite.nominal, (vega_lite.METHOD, "Task identity"))]
    return Chart(
        title="Accuracy with and without the task identity",
        caption="Average accuracy after the last task, mean over seeds, %: as the method names the "
        "task of each example, and where the evaluation names it. The line between them is what "
        "not knowing the task costs at test.",
        section=protocol.heading(board),
        data=table,
        spec=vega_lite.specification(
            [vega_lite.VISIBLE],
            params=vega_lite.OF_METHODS,
            height=vega_lite.ROW_HEIGHT * len(drawn),
            encoding={
                "y": vega_lite.rows(drawn),
                "x": vega_lite.percent("Accuracy"),
                "color": vega_lite.hue(board),
            },
            layer=[
                {"mark": {"type": "line"}},
                {
                    "mark": {"type": "point", "filled": True, "size": 90},
                    "encoding": {
                        "shape": shape,
                        "tooltip": [*tooltip, vega_lite.number("Accuracy")],
                    },
                },
            ],
        ),
    )


def detection(_: pd.DataFrame, board: Leaderboard) -> Chart | None:
    """Precision, recall, F1 and delay of the task switches that methods notice by themselves."""
    columns = board.columns(Section.SWITCHES)
    return every_seed(
        board,
        columns,
        cells_of(board.shown, columns),
        title=Section.SWITCHES.value,
        caption="Only methods that look for tasks by themselves are here.",
    )


def switches(rows: pd.DataFrame, board: Leaderboard) -> Chart | None:
    """When each seed of each method began a new mask, against the first batch of each task."""
    begun = rows[rows["metric"] == "switch"]
    entries = [entry for entry in board.entries if len(of_entry(begun, entry))]
    if not entries:
        return None
    boundaries = rows[rows["metric"] == "border"][["task", "value"]].drop_duplicates()
    seeds = begun["seed"].nunique()
    table = pd.concat(
        [
            _events(boundaries["task"], boundaries["value"], _FIRST_BATCH),
            *(
                _events(mine["other"], mine["value"], _NEW_MASK, entry.title, mine["seed"])
                for entry in entries
                for mine in [of_entry(begun, entry).sort_values(["seed", "value"])]
            ),
        ],
        ignore_index=True,
    )
    batch: Spec = {**vega_lite.whole("Batch"), "field": "Batch"}
    tooltip = [*map(vega_lite.nominal, (vega_lite.METHOD, "Seed", "Number"))]
    return Chart(
        title="When new tasks were noticed",
        caption="Batches at which a method began a new mask, a row of marks for each seed, against "
        "the first batch that has examples of each task (lines from top to bottom).",
        section=protocol.heading(board),
        data=table,
        spec=vega_lite.specification(
            [],
            params=vega_lite.OF_METHODS,
            height=max(vega_lite.ROW_HEIGHT, (seeds + 1) * _SEED_HEIGHT) * len(entries),
            encoding={"x": batch},
            layer=[
                {
                    "transform": [{"filter": f"datum.Event === '{_FIRST_BATCH}'"}],
                    "mark": {"type": "rule", "color": "gray", "strokeWidth": 1},
                    "encoding": {"tooltip": [vega_lite.number("Batch", "d")]},
                },
                {
                    "transform": [
                        {"filter": f"datum.Event === '{_NEW_MASK}'"},
                        vega_lite.VISIBLE,
                    ],
                    "mark": {"type": "tick", "thickness": 2, "size": _SEED_HEIGHT},
                    "encoding": {
                        "y": vega_lite.rows([entry.title for entry in entries]),
                        "yOffset": {"field": "Seed", "type": "nominal"},
                        "color": vega_lite.hue(board),
                        "tooltip": [*tooltip, vega_lite.number("Batch", "d")],
                    },
                },
            ],
        ),
    )


def old_new(rows: pd.DataFrame, board: Leaderboard) -> Chart | None:
    """How well the tasks shown so far are told from those to come: mean and 95 % interval."""
    found = [
        (with_interval(old_from_new(of_entry(rows, entry), metric, entry.rule)) * 100)
        .round(3)
        .reset_index()
        .assign(Method=entry.title, Score=f"{title} (%)")
        for metric, title in _SCORES.items()
        for entry in board.entries
    ]
    names = {"after": "Tasks shown", "mean": "Mean", "low": "Low", "high": "High"}
    table = pd.concat(found, ignore_index=True).rename(columns=names)
    if table.empty:
        return None
    table = table[[vega_lite.METHOD, "Score", *names.values()]]
    return Chart(
        title=Section.NOVELTY.value,
        caption="By the network's confidence, mean over tasks and seeds and 95 % interval. A score "
        "that knows nothing has an AUROC of 50 and an FPR of 95.",
        section=protocol.heading(board),
        data=table,
        spec=vega_lite.lines(
            board,
            table,
            x=vega_lite.whole("Tasks shown"),
            y=vega_lite.percent("Mean"),
            params=[vega_lite.choice("Score", list(dict.fromkeys(table["Score"])))],
            transform=[{"filter": "datum.Score === shown"}],
            band=True,
        ),
    )


def _events(
    numbers: pd.Series,
    batches: pd.Series,
    event: str,
    method: str = "",
    seeds: pd.Series | str = "",
) -> pd.DataFrame:
    """Rows of the chart of switches.

    Args:
        numbers: of the task or the mask.
        batches: at which it begins.
        event: what happens.
        method: title of the method, "" for what is the same for all.
        seeds: of the runs, likewise.
    """
    told = {"Event": event, vega_lite.METHOD: method, "Seed": seeds}
    table = pd.DataFrame({"Number": numbers.astype(int), "Batch": batches.astype(int)})
    return table.assign(**told).astype({"Seed": str})[[*told, "Number", "Batch"]]
