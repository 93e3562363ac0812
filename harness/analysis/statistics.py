"""Means over seeds and comparisons between methods; seeds are the unit of replication."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

CONFIDENCE: Final = 0.95


def half_width(values: NDArray[np.float64]) -> float:
    """Half the width of the Student-t interval of the mean; NaN for fewer than two values."""
    n = len(values)
    if n < 2:
        return float("nan")
    return float(_quantile(n) * np.std(values, ddof=1) / np.sqrt(n))


@lru_cache(maxsize=1024)
def _quantile(n: int) -> float:
    """Of Student's t; a report needs few of them, and each thousands of times."""
    return float(stdtrit(n - 1, (1 + CONFIDENCE) / 2))  # `scipy.stats` takes 0.4 s to import


def summarise(derived: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Mean, half width of the interval and number of seeds of `value` per group.

    Args:
        derived: one row a seed, with the columns `by` and `value`; NaN where not defined.
        by: columns that tell groups apart.

    Returns:
        The columns `by`, mean, half_width, seeds.
    """
    rows = []
    for key, group in derived.groupby(by, sort=False)["value"]:
        values = group.dropna().to_numpy(dtype=float)
        mean = float(np.mean(values)) if len(values) else float("nan")
        rows.append((*key, mean, half_width(values), len(values)))
    return pd.DataFrame(rows, columns=[*by, "mean", "half_width", "seeds"])


def among_best(values: pd.DataFrame, higher_is_better: bool) -> list[object]:
    """The columns that cannot be told apart from the one with the best mean.

    A column belongs to them unless the t-interval of its paired difference to the best, over the
    seeds that both have, excludes zero. One seed tells a method from no other: a column with one is
    neither the best nor among them.

    Args:
        values: one row per seed, one column per method; missing where not measured.
        higher_is_better: direction.
    """
    values = values.loc[:, values.count() > 1]
    if values.empty:
        return []
    means = values.mean()
    best = means.idxmax() if higher_is_better else means.idxmin()
    chosen: list[object] = []
    for column in values.columns:
        difference = (values[column] - values[best]).dropna().to_numpy(dtype=float)
        if len(difference) < 2 or abs(difference.mean()) <= half_width(difference):
            chosen.append(column)
    return chosen
