"""Intervals and paired comparisons against hand-worked values and slow references."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ttest_1samp, ttest_rel

from harness.analysis.statistics import (
    LEAST_SEEDS,
    among_best,
    beyond_scale,
    half_width,
    holm,
    interval_note,
    p_value,
    summarise,
)


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
            "d": [0.30, 0.00, 0.10, 0.00],
            "e": [np.nan] * 4,
        }
    )
    assert among_best(values, higher_is_better=True) == ["a", "c"]
    assert among_best(values, higher_is_better=False) == ["d"]


def test_few_seeds_cannot_be_best() -> None:
    values = pd.DataFrame(
        {
            "a": [0.9, 0.8, 0.7],
            "b": [0.99, np.nan, np.nan],
            "c": [0.8, 0.9, 0.75],
            "d": [1, 1, np.nan],
        }
    )
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
    missing = [np.nan] * 3
    values = pd.DataFrame({"a": [0.9, 0.8, 0.7, *missing], "b": [*missing, 0.1, 0.2, 0.3]})
    assert among_best(values, higher_is_better=True) == ["a", "b"]


@pytest.mark.parametrize("seeds", range(1, LEAST_SEEDS))
def test_of_few_seeds_nothing_is_best(seeds: int) -> None:
    values = pd.DataFrame({"a": [0.9] * seeds, "b": [0.1] * seeds})
    assert among_best(values, higher_is_better=True) == []


def test_p_value_by_hand() -> None:
    """Mean 2, standard deviation 1, t = 2 sqrt(3); for two degrees 1 - t / sqrt(t² + 2)."""
    assert p_value(np.array([1.0, 2.0, 3.0])) == pytest.approx(1 - (12 / 14) ** 0.5)
    assert p_value(np.array([-1.0, -2.0, -3.0])) == pytest.approx(1 - (12 / 14) ** 0.5)
    assert p_value(np.array([0.5, 0.5, 0.5])) == 0
    assert p_value(np.array([0.0, 0.0, 0.0])) == 1
    assert p_value(np.array([5.0])) == p_value(np.array([])) == 1


differences = st.integers(2, 8).flatmap(lambda n: arrays(float, n, elements=st.integers(-99, 99)))


@given(differences)
def test_p_value_is_scipys_and_agrees_with_the_interval(values: np.ndarray) -> None:
    if np.ptp(values) == 0:
        return
    assert p_value(values) == pytest.approx(ttest_1samp(values, 0).pvalue)
    assert (p_value(values) < 0.05) == (abs(values.mean()) > half_width(values))


def test_holm_by_hand() -> None:
    """0.005 <= 0.05 / 4 and 0.01 <= 0.05 / 3, but 0.03 > 0.05 / 2, so that 0.04 stays too."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == [True, False, False, True]
    assert holm([0.04]) == [True]
    assert holm([0.04, 0.04]) == [False, False]
    assert holm([]) == []


@given(st.lists(st.floats(0, 0.2), max_size=6))
def test_holm_is_the_closed_test_of_bonferroni(p_values: list[float]) -> None:
    assert holm(p_values) == slow_holm(p_values)


def slow_holm(p_values: list[float]) -> list[bool]:
    """Rejects what every set of hypotheses that it is in rejects by Bonferroni (Marcus 1976)."""
    numbers = range(len(p_values))
    sets = [chosen for size in numbers for chosen in combinations(numbers, size + 1)]
    kept = [s for s in sets if min(p_values[n] for n in s) > (1 - 0.95) / len(s)]
    return [not any(number in chosen for chosen in kept) for number in numbers]


def test_more_methods_make_it_harder_to_be_told_apart() -> None:
    """b is told from a alone: t = 0.0325 sqrt(3) / 0.01, p = 0.0301; not where c is as far off."""
    best = np.array([0.9, 0.8, 0.7])
    worse = best - [0.0225, 0.0325, 0.0425]
    alone = pd.DataFrame({"a": best, "b": worse})
    assert among_best(alone, higher_is_better=True) == ["a"]
    both = alone.assign(c=best - [0.0425, 0.0325, 0.0225])
    assert among_best(both, higher_is_better=True) == ["a", "b", "c"]


tables = st.tuples(st.integers(3, 6), st.integers(1, 5)).flatmap(
    lambda shape: arrays(float, shape, elements=st.integers(0, 20))
)


@given(tables, st.booleans())
def test_the_best_are_those_of_a_slow_reference(table: np.ndarray, higher: bool) -> None:
    # distinct noise, so that no two columns are equal and no differences are constant
    table = table + np.random.default_rng(0).normal(0, 0.1, table.shape)
    methods = list(range(table.shape[1]))
    sign = 1 if higher else -1
    best = max(methods, key=lambda m: sign * table[:, m].mean())
    others = [m for m in methods if m != best]
    told = slow_holm([float(ttest_rel(table[:, m], table[:, best]).pvalue) for m in others])
    expected = [m for m in methods if m == best or not told[others.index(m)]]
    assert among_best(pd.DataFrame(table), higher_is_better=higher) == expected


def test_an_interval_wider_than_the_scale_says_nothing() -> None:
    assert beyond_scale(half_width(np.array([0.0, 1.0])))  # 12.7 / 2
    assert not beyond_scale(half_width(np.array([0.50, 0.55])))
    assert not beyond_scale(float("nan"))


def test_the_note_says_what_the_interval_is() -> None:
    for word in ("95 %", "Student", "n = 3 to 5 seeds"):
        assert word in interval_note([5, 3, 4])
    assert "n = 5 seeds" in interval_note([5])
    assert interval_note([1, 1]) == "one seed, no interval"
