"""Task inference of one test example, and of several of one task."""

from __future__ import annotations

import pandas as pd
import pytest

from harness.analysis.metrics.task_inference import (
    inferred_of_10,
    inferred_of_100,
    task_inference,
)

SHARED = {"run_id": "a", "scenario": "class-il"}


def test_the_share_of_each_task_taken_for_itself_is_averaged_by_rule() -> None:
    shares = [0.9, 0.1, 0.3, 0.7]
    one = pd.DataFrame({**SHARED, "task": [1, 1, 2, 2], "other": [1, 2, 1, 2], "value": shares})
    other = one.assign(value=[1.0, 0.0, 0.0, 1.0])
    found = task_inference(pd.concat([one.assign(rule="energy"), other.assign(rule="entropy")]))
    assert found["a", "class-il", "energy"] == pytest.approx(0.8)
    assert found["a", "class-il", "entropy"] == 1


def test_several_examples_at_once_are_told_apart_by_their_number() -> None:
    rows = pd.DataFrame(
        {
            **SHARED,
            "rule": "energy",
            "task": [1, 2, 3, 1],
            "other": [10, 10, 10, 100],
            "value": [1.0, 0.5, 0.0, 0.25],
        }
    )
    assert inferred_of_10(rows).tolist() == [pytest.approx(0.5)]
    assert inferred_of_100(rows).tolist() == [0.25]
