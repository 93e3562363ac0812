"""Means over seeds and comparisons between methods; seeds are the unit of replication."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from math import inf, sqrt
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

CONFIDENCE: Final = 0.95
"""Of an interval; tests are made at a level of 1 - CONFIDENCE."""

LEAST_SEEDS: Final = 3
"""Seeds below which no method is marked as best. Of two, the interval of a difference is 13 times
as wide as its standard error, and tells hardly any two methods apart."""

BEST_NOTE: Final = (
    "Bold: the best mean, and those that a paired t-test over the seeds does not tell from it "
    f"(two-sided, {100 - 100 * CONFIDENCE:.0f} %, Holm's correction for the number of methods); "
    f"only of at least {LEAST_SEEDS} seeds."
)
"""What it means to be marked as best; for captions."""


def interval_note(seeds: Collection[int]) -> str:
    """What stands behind a mean, for captions.

    Args:
        seeds: number of seeds of each mean in the table or figure.

    >>> interval_note([5, 5])
    "mean ± half-width of the 95 % interval of the mean (Student's t, n = 5 seeds)"
    >>> interval_note([5, 3])
    "mean ± half-width of the 95 % interval of the mean (Student's t, n = 3 to 5 seeds)"
    >>> interval_note([1])
    'one seed, no interval'
    """
    fewest, most = min(seeds, default=1), max(seeds, default=1)
    if most == 1:
        return "one seed, no interval"
    number = f"{most}" if fewest == most else f"{fewest} to {most}"
    return (
        f"mean ± half-width of the {CONFIDENCE * 100:.0f} % interval of the mean "
        f"(Student's t, n = {number} seeds)"
    )


def half_width(values: NDArray[np.float64]) -> float:
    """Half the width of the Student-t interval of the mean; NaN for fewer than two values."""
    n = len(values)
    if n < 2:
        return float("nan")
    return float(_quantile(n) * np.std(values, ddof=1) / np.sqrt(n))


def beyond_scale(half_width: float) -> bool:
    """Whether the interval of a share is wider than the scale from 0 to 1, and so says nothing.

    >>> beyond_scale(6.35), beyond_scale(0.5), beyond_scale(float("nan"))
    (True, False, False)
    """
    return 2 * half_width > 1


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


def p_value(differences: NDArray[np.float64]) -> float:
    """Of the two-sided t-test that paired differences have a mean of zero.

    1 for fewer than two differences, which tell nothing. Differences that are all the same, but for
    rounding, have a mean other than zero for certain.
    """
    n = len(differences)
    if n < 2:
        return 1.0
    mean, deviation = float(np.mean(differences)), float(np.std(differences, ddof=1))
    if mean == 0:
        return 1.0
    statistic = abs(mean) / (deviation / sqrt(n)) if deviation else inf
    return 2 * float(stdtr(n - 1, -statistic))


def holm(p_values: Sequence[float]) -> list[bool]:
    """Which hypotheses Holm's step-down procedure rejects (Scandinavian J. of Statistics 1979).

    Of m hypotheses, the one with the smallest p-value is rejected if that is at most alpha / m,
    then the one with the next if that is at most alpha / (m - 1), and so on until one is not. The
    chance of rejecting any true one is at most alpha = 1 - CONFIDENCE, however they depend on each
    other.

    Args:
        p_values: one for each hypothesis.

    >>> holm([0.04, 0.01, 0.03])  # 0.01 <= 0.05 / 3, but 0.03 > 0.05 / 2
    [False, True, False]
    """
    rejected = [False] * len(p_values)
    for place, number in enumerate(sorted(range(len(p_values)), key=lambda n: p_values[n])):
        if p_values[number] > (1 - CONFIDENCE) / (len(p_values) - place):
            break
        rejected[number] = True
    return rejected


def among_best(values: pd.DataFrame, higher_is_better: bool) -> list[object]:
    """The columns that cannot be told apart from the one with the best mean.

    Each column is compared with that one by `p_value` of their differences over the seeds that both
    have, and `holm` corrects for the number of comparisons. Columns of fewer than `LEAST_SEEDS`
    seeds are neither the best nor among them, and no comparison.

    Args:
        values: one row per seed, one column per method; missing where not measured.
        higher_is_better: direction.
    """
    values = values.loc[:, values.count() >= LEAST_SEEDS]
    if values.empty:
        return []
    table = values.to_numpy(dtype=float)
    means = np.nanmean(table, axis=0)
    best = int(np.argmax(means) if higher_is_better else np.argmin(means))
    others = [place for place in range(table.shape[1]) if place != best]
    differences = table - table[:, [best]]
    p_values = [p_value(column[~np.isnan(column)]) for column in differences.T[others]]
    worse = {place for place, told in zip(others, holm(p_values), strict=True) if told}
    return [column for place, column in enumerate(values.columns) if place not in worse]
