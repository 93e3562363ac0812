"""Accuracy while tasks are learned, against a plain loop."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from harness.analysis.curves import average_accuracies, with_interval


def accuracies(seeds: int, tasks: int) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    return pd.DataFrame(
        {"seed": seed, "after": after, "task": task, "value": draw.uniform()}
        for seed in range(seeds)
        for after in range(tasks + 1)
        for task in range(1, tasks + 1)
    )


def test_averages_are_over_the_tasks_learned() -> None:
    rows = accuracies(seeds=3, tasks=4)
    found = average_accuracies(rows)
    assert found.shape == (4, 3)
    for after in range(1, 5):
        for seed in range(3):
            measured = rows[(rows["seed"] == seed) & (rows["after"] == after)]
            values = dict(zip(measured["task"], measured["value"], strict=True))
            mean = sum(values[task] for task in range(1, after + 1)) / after
            assert found.loc[after, seed] == pytest.approx(mean)


def test_what_was_not_tested_whole_is_a_gap() -> None:
    rows = accuracies(seeds=1, tasks=3)
    found = average_accuracies(rows[~((rows["after"] == 2) & (rows["task"] == 1))])
    assert found[0].isna().tolist() == [False, True, False]


def test_nothing_measured_is_empty() -> None:
    assert average_accuracies(accuracies(1, 1).iloc[:0]).empty


def test_the_interval_is_students_and_within_the_scale() -> None:
    table = pd.DataFrame([[0.5, 0.6, 0.7], [0.99, 1.0, 0.9]])
    found = with_interval(table)
    low, high = stats.t.interval(0.95, 2, loc=0.6, scale=stats.sem([0.5, 0.6, 0.7]))
    assert found.iloc[0].tolist() == pytest.approx([0.6, low, high])
    assert found.loc[1, "high"] == 1.0
    assert with_interval(table[[0]])["low"].isna().all()
