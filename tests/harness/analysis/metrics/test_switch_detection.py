"""Metrics of switch detection against hand-worked runs, and laws."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.metrics.switch_detection import (
    TOLERANCE,
    SwitchCounts,
    count,
    false_alarms,
    masks_per_task,
    switch_counts,
    switch_delay,
    switch_f1,
    switch_precision,
    switch_recall,
)

BOUNDARIES = [0, 100, 200, 300]


def test_by_hand() -> None:
    # right: 103 and 310; wrong: 50 (before the first boundary), 150 (a second claim); missed: 200
    found = count(BOUNDARIES, [0, 50, 103, 150, 310], 400)
    assert found == SwitchCounts(right=2, wrong=2, missed=1, delay=13, batches=400)
    assert switch_precision(found) == 2 / 4
    assert switch_recall(found) == 2 / 3
    assert switch_f1(found) == pytest.approx(2 * (1 / 2) * (2 / 3) / (1 / 2 + 2 / 3))
    assert switch_delay(found) == (3 + 10) / 2
    assert false_alarms(found) == 1000 * 2 / 400


@pytest.mark.parametrize(("late", "right"), [(0, 1), (TOLERANCE, 1), (TOLERANCE + 1, 0)])
def test_a_claim_must_come_in_time(late: int, right: int) -> None:
    found = count([0, 500], [0, 500 + late], 1000)
    assert found == SwitchCounts(right, 1 - right, 1 - right, late * right, 1000)


def test_the_border_of_the_next_task_ends_the_time_sooner() -> None:
    found = count([0, 500, 520], [0, 530], 1000)
    assert found == SwitchCounts(right=1, wrong=0, missed=1, delay=10, batches=1000)


def test_a_late_claim_leaves_the_task_missed_whatever_comes_after() -> None:
    found = count([0, 500], [0, 500 + TOLERANCE + 1, 990], 1000)
    assert found == SwitchCounts(right=0, wrong=2, missed=1, delay=0, batches=1000)


def test_the_first_mask_claims_nothing() -> None:
    found = count(BOUNDARIES, [0], 400)
    assert math.isnan(switch_precision(found))
    assert switch_recall(found) == switch_f1(found) == false_alarms(found) == 0
    assert math.isnan(switch_delay(found))


def test_one_task_has_nothing_to_find() -> None:
    quiet = count([0], [0], 100)
    assert math.isnan(switch_recall(quiet))
    assert math.isnan(switch_f1(quiet))
    assert switch_precision(count([0], [0, 10], 100)) == 0


batches = st.lists(st.integers(1, 999), unique=True, max_size=12).map(sorted)


@given(batches, batches)
def test_laws(boundaries: list[int], claims: list[int]) -> None:
    found = count([0, *boundaries], [0, *claims], 1000)
    for metric in (switch_precision, switch_recall, switch_f1):
        assert math.isnan(metric(found)) or 0 <= metric(found) <= 1
    assert found.right + found.wrong == len(claims)
    assert found.right + found.missed == len(boundaries)
    perfect = count([0, *boundaries], [0, *boundaries], 1000)
    if boundaries:
        assert switch_f1(perfect) == 1
        assert switch_delay(perfect) == 0


def stream(run: str, switches: list[float]) -> pd.DataFrame:
    """Rows of a stream of 30 batches and three tasks, in an order that rows need not have."""
    found = [("switch", at) for at in switches]
    boundaries = [("border", at) for at in (20.0, 0.0, 10.0)]
    rows = [*found, ("batches", 30.0), *boundaries]
    return pd.DataFrame(rows, columns=["metric", "value"]).assign(run_id=run)


def test_only_runs_that_begin_masks_by_themselves_are_judged() -> None:
    rows = pd.concat([stream("a", [15.0, 0.0, 12.0]), stream("b", [])])
    assert switch_counts(rows) == {("a", "", ""): SwitchCounts(1, 1, 1, 2.0, 30.0)}


def test_masks_are_counted_after_the_last_task() -> None:
    rows = pd.DataFrame(
        {"run_id": ["a", "b", "a"], "after": [3, 2, 1], "value": [6.0, 1.0, 1.0]}
    ).astype({"after": "Int64"})
    assert masks_per_task(rows).to_dict() == {"a": 2.0, "b": 0.5}
