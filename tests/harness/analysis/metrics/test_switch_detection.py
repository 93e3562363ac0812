"""Metrics of switch detection against hand-worked runs, and laws."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.switch_detection import switch_metrics

BORDERS = [0, 100, 200, 300]


def test_by_hand():
    # right: 103 and 310; wrong: 50 (before the first border) and 150 (a second claim); missed: 200
    found = switch_metrics(BORDERS, [0, 50, 103, 150, 310], 400)
    assert found == {
        "switch_precision": 2 / 4,
        "switch_recall": 2 / 3,
        "switch_f1": pytest.approx(2 * (1 / 2) * (2 / 3) / (1 / 2 + 2 / 3)),
        "switch_delay": (3 + 10) / 2,
        "false_alarms": 1000 * 2 / 400,
    }


def test_the_first_mask_claims_nothing():
    found = switch_metrics(BORDERS, [0], 400)
    assert math.isnan(found["switch_precision"])
    assert found["switch_recall"] == found["switch_f1"] == found["false_alarms"] == 0
    assert math.isnan(found["switch_delay"])


def test_one_task_has_nothing_to_find():
    quiet = switch_metrics([0], [0], 100)
    assert math.isnan(quiet["switch_recall"])
    assert math.isnan(quiet["switch_f1"])
    assert switch_metrics([0], [0, 10], 100)["switch_precision"] == 0


batches = st.lists(st.integers(1, 999), unique=True, max_size=12).map(sorted)


@given(batches, batches)
def test_laws(borders, claims):
    found = switch_metrics([0, *borders], [0, *claims], 1000)
    for name in ("switch_precision", "switch_recall", "switch_f1"):
        assert math.isnan(found[name]) or 0 <= found[name] <= 1
    assert found["false_alarms"] >= len(claims) - len(borders)
    perfect = switch_metrics([0, *borders], [0, *borders], 1000)
    if borders:
        assert perfect["switch_f1"] == 1
        assert perfect["switch_delay"] == 0
