"""Choosing a method's settings by the scores of its candidates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from harness.config.grids import Grid
from harness.config.run import Run
from harness.config.scenarios import TASK_IL


class UntriedError(Exception):
    """A candidate has no result, so that none can be chosen."""


def choose(
    runs: Sequence[Run], grids: Mapping[str, Grid], rows: pd.DataFrame
) -> dict[str, dict[str, Any]]:
    """Per method, the settings with the best mean score and the scores of all candidates.

    The score is the mean task-aware accuracy over the tuning tasks after the last of them.

    Args:
        runs: every candidate with every seed.
        grids: the values that were tried, by method.
        rows: raw measurements of the runs (`harness.storage.schema`).

    Raises:
        UntriedError: a run has no result.
    """
    final = rows[(rows["metric"] == "accuracy") & (rows["scenario"] == TASK_IL)]
    final = final[final["after"] == final["after"].max()]
    accuracy = final.groupby("run_id")["value"].mean()
    missing = [str(run) for run in runs if run.id not in accuracy.index]
    if missing:
        raise UntriedError(f"nothing is chosen: no result for {', '.join(missing)}")
    chosen: dict[str, dict[str, Any]] = {}
    best: dict[str, float] = {}
    for run in runs:
        entry = chosen.setdefault(run.baseline, {"settings": {}, "scores": {}})
        tried = {name: run.settings[name] for name in grids[run.baseline]}
        label = ", ".join(f"{name}={value}" for name, value in tried.items())
        score = float(accuracy[[one.id for one in runs if _same_settings(one, run)]].mean())
        if score > best.get(run.baseline, -math.inf):
            best[run.baseline], entry["settings"] = score, tried
        entry["scores"][label] = round(score, 5)
    return chosen


def _same_settings(one: Run, other: Run) -> bool:
    return one.baseline == other.baseline and one.settings == other.settings
