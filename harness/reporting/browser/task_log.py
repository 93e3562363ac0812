"""How runs went, task by task: what a log of them would say, from their stored measurements."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Final

import pandas as pd

TaskLog = Mapping[str, list[str]]
"""Texts by the title of their column, one each time that a task had been learned."""

_COLUMNS: Final = {
    "train_seconds": ("Training (s)", ".1f"),
    "train_examples": ("Examples shown", ",.0f"),
    "eval_seconds": ("Evaluation (s)", ".1f"),
    "rounding_gap": ("Rounding gap (points)", ".2f"),
}
_SHARES: Final = ("rounding_gap",)


def task_logs(rows: pd.DataFrame, accuracies: pd.DataFrame) -> dict[str, TaskLog]:
    """The log of each run, by its id.

    Args:
        rows: raw measurements of runs (`harness.storage.schema`).
        accuracies: of these, the accuracies in the scenario of the runs, by one rule for each run.
    """
    seen = accuracies[accuracies["task"] <= accuracies["after"]]
    parts = {
        "Task just learned (%)": _mean(seen[seen["task"] == seen["after"]]) * 100,
        "Tasks so far (%)": _mean(seen) * 100,
    }
    forms = dict.fromkeys(parts, ".2f")
    for metric, (title, form) in _COLUMNS.items():
        values = _mean(rows[(rows["metric"] == metric) & rows["after"].notna()])
        parts[title] = values * (100 if metric in _SHARES else 1)
        forms[title] = form
    table = pd.DataFrame(parts).sort_index()
    found: dict[str, TaskLog] = {}
    for run_id, mine in table.groupby(level="run_id"):
        learned = mine[mine.index.get_level_values("after") > 0]
        after = [f"{number}" for number in learned.index.get_level_values("after")]
        texts = {
            title: [_text(value, forms[title]) for value in learned[title].tolist()]
            for title in parts
        }
        measured = {title: column for title, column in texts.items() if any(column)}
        if measured:
            found[str(run_id)] = {"After task": after, **measured}
    return found


def _mean(rows: pd.DataFrame) -> pd.Series[float]:
    """By run and number of tasks learned."""
    return rows.groupby(["run_id", "after"], observed=True)["value"].mean()


def _text(value: float, form: str) -> str:
    return "" if isnan(value) else format(value, form)
