"""Intervals and paired comparisons against hand-worked values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from harness.analysis.statistics import among_best, half_width, summarise


def test_half_width_by_hand() -> None:
    """Mean 2, standard deviation 1, t(0.975, 2) = 4.302653 from a printed table."""
    assert half_width(np.array([1.0, 2.0, 3.0])) == pytest.approx(4.302653 / 3**0.5, rel=1e-6)
    assert np.isnan(half_width(np.array([1.0])))


def test_summary() -> None:
    values = [1.0, 2.0, 3.0, 7.0, np.nan]
    table = pd.DataFrame({"m": ["a", "a", "a", "b", "c"], "n": "x", "value": values})
    found = summarise(table, ["m", "n"])
    assert list(found.columns) == ["m", "n", "mean", "half_width", "seeds"]
    assert found["mean"].tolist()[:2] == [2, 7]
    assert found["seeds"].tolist() == [3, 1, 0]
    assert found["half_width"][0] == half_width(np.array([1.0, 2.0, 3.0]))
    assert found["half_width"][1:].isna().all()
    assert np.isnan(found["mean"][2])


def test_best_is_paired_by_seed() -> None:
    """b is worse than a by the same small step for every seed, c by noise, d clearly."""
    values = pd.DataFrame(
        {
            "a": [0.90, 0.50, 0.70, 0.30],
            "b": [0.89, 0.49, 0.69, 0.29],
            "c": [0.80, 0.59, 0.75, 0.20],
            "d": [0.10, 0.10, 0.10, 0.10],
            "e": [np.nan] * 4,
        }
    )
    assert among_best(values, higher_is_better=True) == ["a", "c"]
    assert among_best(values, higher_is_better=False) == ["d"]


def test_one_seed_cannot_be_best() -> None:
    values = pd.DataFrame({"a": [0.9, 0.8], "b": [0.99, np.nan], "c": [0.8, 0.9]})
    assert among_best(values, higher_is_better=True) == ["a", "c"]


def test_methods_are_compared_on_the_seeds_that_both_have() -> None:
    """b has not run its last seed yet, nor d its first."""
    values = pd.DataFrame(
        {
            "a": [0.80, 0.70, 0.60, 0.50],
            "b": [0.90, 0.80, 0.71, np.nan],
            "c": [0.95, 0.75, 0.65, 0.55],
            "d": [np.nan, 0.40, 0.30, 0.20],
        }
    )
    assert among_best(values, higher_is_better=True) == ["b", "c"]
    assert among_best(values, higher_is_better=False) == ["d"]


def test_seeds_that_no_two_methods_share_tell_nothing() -> None:
    values = pd.DataFrame({"a": [0.9, 0.8, np.nan, np.nan], "b": [np.nan, np.nan, 0.1, 0.2]})
    assert among_best(values, higher_is_better=True) == ["a", "b"]


def test_one_seed_has_no_best() -> None:
    assert among_best(pd.DataFrame({"a": [0.9], "b": [0.8]}), higher_is_better=True) == []
    several = pd.DataFrame({"a": [0.9, np.nan], "b": [0.8, 0.7]})
    assert among_best(several, higher_is_better=True) == ["b"]
