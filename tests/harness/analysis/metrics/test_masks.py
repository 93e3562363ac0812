"""Masks over two layers of 4 and 6 weights, worked by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from harness.analysis.metrics.masks import (
    beta,
    flipped,
    largest_rounding_gap,
    mask_density,
    mask_overlap,
    pairs,
    rounding_gap,
    undecided,
    weights_used,
)


@pytest.fixture
def rows() -> pd.DataFrame:
    """The masks keep 2 + 3 and 1 + 2 weights, 1 + 1 of them both."""
    measured = [
        ("weights", None, None, None, (4.0, 6.0)),
        ("mask_ones", 1, 1, None, (2.0, 3.0)),
        ("mask_ones", 2, 2, None, (1.0, 2.0)),
        ("mask_overlap", 2, 1, 2, (1.0, 1.0)),
        ("weights_used", 2, None, None, (2.0, 4.0)),
        ("weights_used", 1, None, None, (2.0, 3.0)),
        ("mask_undecided", 1, 1, None, (1.0, 0.0)),
        ("mask_undecided", 2, 2, None, (0.0, 2.0)),
        ("mask_flipped", 1, 1, None, (2.0, 2.0)),
        ("mask_flipped", 2, 2, None, (1.0, 1.0)),
        ("mask_beta", 1, 1, None, (50.0, 70.0)),
        ("mask_beta", 2, 2, None, (60.0, 80.0)),
    ]
    table = pd.DataFrame(
        [
            (metric, after, task, other, layer, value)
            for metric, after, task, other, values in measured
            for layer, value in zip(("x", "y"), values, strict=True)
        ],
        columns=["metric", "after", "task", "other", "layer", "value"],
    )
    return table.assign(run_id="a", baseline="rmn", setting="", seed=0)


def test_density(rows: pd.DataFrame) -> None:
    assert mask_density(rows)["a"] == pytest.approx((5 / 10 + 3 / 10) / 2)


def test_use_after_the_last_task(rows: pd.DataFrame) -> None:
    assert weights_used(rows)["a"] == pytest.approx(6 / 10)


def of(rows: pd.DataFrame, measurement: str) -> pd.DataFrame:
    """What a metric of this one measurement is given."""
    return rows[rows["metric"] == measurement]


def test_how_decided_they_were(rows: pd.DataFrame) -> None:
    assert undecided(rows)["a"] == pytest.approx((1 / 10 + 2 / 10) / 2)
    assert flipped(rows)["a"] == pytest.approx((4 / 10 + 2 / 10) / 2)
    assert beta(of(rows, "mask_beta"))["a"] == 65


def test_masks_that_are_not_rounded_have_no_such_metric(rows: pd.DataFrame) -> None:
    others = rows[~rows["metric"].isin(["mask_undecided", "mask_flipped"])]
    assert undecided(others).empty
    assert flipped(others).empty


def test_rounding_gaps_over_tasks() -> None:
    rows = pd.DataFrame({"run_id": ["a", "a", "b"], "value": [0.3, -0.1, 0.2]})
    assert rounding_gap(rows).to_dict() == pytest.approx({"a": 0.1, "b": 0.2})
    assert largest_rounding_gap(rows).to_dict() == pytest.approx({"a": 0.3, "b": 0.2})


def test_overlap(rows: pd.DataFrame) -> None:
    assert mask_overlap(rows)["a"] == pytest.approx(2 / (5 + 3 - 2))
    found = pairs(rows)
    assert found[["run_id", "baseline", "setting", "seed"]].to_numpy().tolist() == [
        ["a", "rmn", "", 0]
    ]
    assert found[["task", "other"]].to_numpy().tolist() == [[1, 2]]
    assert found["value"].tolist() == [pytest.approx(1 / 3)]


def test_masks_that_keep_nothing_share_nothing(rows: pd.DataFrame) -> None:
    empty = rows.assign(value=rows["value"].where(rows["metric"] == "weights", 0.0))
    assert mask_overlap(empty)["a"] == 0
    assert mask_density(empty)["a"] == 0
