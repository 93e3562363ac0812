"""Costs: what is kept after the last task, and all seconds."""

from __future__ import annotations

import pandas as pd
import pytest

from harness.analysis.metrics.costs import (
    inference_bytes,
    router_bytes,
    router_seconds,
    seconds,
    stored_examples,
    training_bytes,
)


@pytest.mark.parametrize("metric", [training_bytes, stored_examples])
def test_what_is_kept_counts_after_the_last_task(metric: type) -> None:
    rows = pd.DataFrame({"run_id": ["a", "a", "b"], "after": [2, 1, 1], "value": [30.0, 10, 5]})
    assert metric(rows).to_dict() == {"a": 30.0, "b": 5.0}


def test_of_what_predictions_need_one_network_is_not_extra() -> None:
    rows = pd.DataFrame(
        {
            "run_id": ["a", "a", "a", "b", "b"],
            "metric": ["predictor_bytes", "predictor_bytes", "network_bytes"]
            + ["network_bytes"] * 2,
            "after": [2, 1, 2, 1, 2],
            "value": [130.0, 110.0, 100.0, 100.0, 100.0],
        }
    )
    narrow = pd.DataFrame([{"run_id": "b", "metric": "predictor_bytes", "after": 2, "value": 90.0}])
    found = inference_bytes(pd.concat([rows, narrow]))
    assert found.to_dict() == {"a": 30.0, "b": -10.0}


def test_all_seconds_count() -> None:
    rows = pd.DataFrame({"run_id": ["a", "a", "b"], "value": [1.0, 2.5, 4.0]})
    assert seconds(rows).to_dict() == {"a": 3.5, "b": 4.0}


@pytest.mark.parametrize("metric", [router_bytes, router_seconds])
def test_routers_belong_to_their_rule(metric: type) -> None:
    rows = pd.DataFrame(
        {
            "run_id": "a",
            "rule": ["pixel-gaussian", "pixel-gaussian", "ridge-units"],
            "after": [1, 2, 2],
            "value": [10.0, 20.0, 7.0],
        }
    )
    assert metric(rows).to_dict() == {
        ("a", "pixel-gaussian"): 20.0,
        ("a", "ridge-units"): 7.0,
    }
