"""Shares as tasks are learned: one value a seed, and what stands for all seeds."""

from __future__ import annotations

import pandas as pd

from harness.analysis.selection import WITHOUT_RULE
from harness.analysis.statistics import half_width


def average_accuracies(accuracies: pd.DataFrame) -> pd.DataFrame:
    """Mean accuracy on the tasks learned so far, where all of them were tested.

    Of long streams, task inference was measured for all tasks after the last one only.

    Args:
        accuracies: raw measurements of one method, scenario and rule.

    Returns:
        Shares; one row a number of tasks learned, without gaps from the first to the last that was
        measured, one column a seed. Empty if nothing was measured.

    >>> rows = pd.DataFrame(
    ...     {"seed": 0, "after": [1, 2, 2], "task": [1, 1, 2], "value": [1.0, 0.5, 0.9]}
    ... )
    >>> average_accuracies(rows)[0].to_dict()
    {1: 1.0, 2: 0.7}
    """
    seen = accuracies[accuracies["task"] <= accuracies["after"]]
    at = seen.groupby(["after", "seed"])
    averages = at.agg(value=("value", "mean"), tasks=("task", "nunique")).reset_index()
    averages = averages[averages["tasks"] == averages["after"]]
    per_seed = averages.pivot_table(index="after", columns="seed", values="value")
    if per_seed.empty:
        return per_seed
    return per_seed.reindex(range(per_seed.index.min(), per_seed.index.max() + 1))


def without_gaps(averages: pd.DataFrame) -> bool:
    """Whether averages were measured after every task, so that there is a curve to draw.

    Args:
        averages: of `average_accuracies`.
    """
    return len(averages) > 0 and bool(averages.notna().all(axis=None))


def old_from_new(rows: pd.DataFrame, measurement: str, rule: str) -> pd.DataFrame:
    """How well tasks shown so far are told from those to come, mean over the tasks shown.

    Args:
        rows: raw measurements of one method.
        measurement: "old_new_auroc" or "old_new_fpr".
        rule: by which the method infers tasks; one that infers none was measured by
            `WITHOUT_RULE`.

    Returns:
        Shares; one row a number of tasks shown, one column a seed. Empty if nothing was measured.

    >>> rows = pd.DataFrame(
    ...     {"metric": "old_new_fpr", "rule": "energy", "seed": 0, "after": [1, 2, 2]}
    ... ).assign(value=[0.5, 0.2, 0.4])
    >>> old_from_new(rows, "old_new_fpr", "energy")[0].round(3).to_dict()
    {1: 0.5, 2: 0.3}
    """
    mine = rows[rows["metric"] == measurement]
    used = rule if rule in set(mine["rule"]) else WITHOUT_RULE
    mine = mine[mine["rule"] == used]
    return mine.pivot_table(index="after", columns="seed", values="value")


def with_interval(per_seed: pd.DataFrame) -> pd.DataFrame:
    """Mean and 95 % interval of shares, cut to the scale from 0 to 1.

    Args:
        per_seed: shares, one column a seed.

    Returns:
        The columns mean, low and high; low and high are NaN for one seed.
    """
    mean = per_seed.mean(axis=1)
    half = per_seed.apply(lambda v: half_width(v.dropna().to_numpy(dtype=float)), axis=1)
    low, high = (mean - half).clip(lower=0), (mean + half).clip(upper=1)
    return pd.DataFrame({"mean": mean, "low": low, "high": high})
