"""All about each run of a comparison, for readers who ask what made a number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isnan
from typing import Any, Final

import numpy as np
import pandas as pd

from harness.analysis.columns import Cell
from harness.analysis.comparisons import Comparison
from harness.analysis.leaderboard import Leaderboard
from harness.analysis.metrics.accuracy import matrix
from harness.analysis.metrics.definition import Unit, metrics
from harness.analysis.selection import under_default_rule
from harness.reporting import protocol
from harness.reporting.browser.task_log import task_logs
from harness.reporting.model import RunDetails
from harness.storage.again import command_again
from harness.storage.record import Record

_DIGITS: Final = 2

_UNITS: Final = {one: f" {one.value}" for one in Unit} | {Unit.PERCENT: " %", Unit.COUNT: ""}


def run_details(compared: Comparison, board: Leaderboard) -> Iterator[RunDetails]:
    """Each run in the order of the leaderboard, then those that did not finish.

    Args:
        compared: the runs.
        board: their leaderboard.
    """
    records = compared.results.records
    rows = under_default_rule(compared.results.rows, records)
    accuracies = rows[(rows["metric"] == "accuracy") & (rows["scenario"] == board.scenario)]
    task_log = task_logs(compared.results.rows, accuracies)
    cells = {str(run_id): table for run_id, table in accuracies.groupby("run_id")}
    values = {str(run_id): table for run_id, table in board.shown.groupby("run_id")}
    entries = {(entry.baseline, entry.setting): entry for entry in board.entries}
    order = list(entries)

    def place(record: Record) -> tuple[bool, int, str, int]:
        run = record.run
        key = (run.baseline, run.setting)
        at = order.index(key) if key in entries else len(order)
        return record.status != "finished", at, str(run), run.seed

    for record in sorted(records, key=place):
        run = record.run
        entry = entries.get((run.baseline, run.setting))
        yield RunDetails(
            run_id=run.id,
            title=entry.title if entry else _title(record),
            section=protocol.heading(board),
            seed=run.seed,
            status=record.status,
            metrics=_metrics(values.get(run.id)),
            matrix=_matrix(cells.get(run.id)),
            facts={
                "Settings of the method": run.settings,
                "Budget": run.training,
                "Method": _declaration(record),
                "Made with": _origin(record.provenance),
            },
            command=command_again(record),
            error=record.error,
            task_log=task_log.get(run.id, {}),
        )


def _title(record: Record) -> str:
    """Of a method with settings that no run has finished with."""
    setting = record.run.setting
    return f"{record.method.title} ({setting})" if setting else record.method.title


def _metrics(values: pd.DataFrame | None) -> dict[str, str]:
    """Under the default rule, as printed in tables."""
    if values is None:
        return {}
    found, known = {}, metrics()
    for row in values.to_dict("records"):
        definition, value = known[row["metric"]], float(row["value"])
        if isnan(value):
            continue
        scenario = f", {row['scenario']}" if row["scenario"] else ""
        percent = definition.unit is Unit.PERCENT
        text = Cell(value, float("nan")).text(percent)
        unit = _UNITS[definition.unit]
        found[f"{definition.title}{scenario}"] = f"{text}{unit}"
    return found


def _matrix(cells: pd.DataFrame | None) -> list[list[float]]:
    """R[i, j] in percent from the first task learned on; empty if nothing was measured."""
    if cells is None:
        return []
    table = matrix(cells[["after", "task", "value"]])[1:] * 100
    return [[float(value) for value in row] for row in np.round(table, _DIGITS)]


def _declaration(record: Record) -> dict[str, Any]:
    method, run = record.method, record.run
    return {
        "name": run.baseline,
        "reference": method.reference,
        "requirements": "; ".join(method.requirements) or "none",
        "supervision": method.supervision,
        "task inferred by": method.rule or "no rule",
        "profile": run.profile,
        **{f"version of the {name}": number for name, number in run.versions.items()},
    }


def _origin(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Without the command, which is shown apart."""
    return {
        name.replace("_", " "): _told(value)
        for name, value in provenance.items()
        if name != "command"
    }


def _told(value: Any) -> Any:
    """Several values in one text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{of} {number}" for of, number in value.items())
    return "; ".join(map(str, value)) if isinstance(value, list) else value
