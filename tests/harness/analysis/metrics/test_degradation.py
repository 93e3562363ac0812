"""Accuracy lost without labels, of runs of the same seed, scenario and rule."""

from __future__ import annotations

import pandas as pd
import pytest

from harness.analysis.metrics.degradation import degradation


def derived(run_id: str, seed: int, value: float, **changes: str) -> pd.DataFrame:
    row = {"run_id": run_id, "baseline": "ewc", "setting": "", "seed": seed, "rule": ""}
    shared = {**row, "scenario": "task-il", "metric": "acc", "value": value}
    return pd.DataFrame([{**shared, **changes}])


def test_by_hand() -> None:
    here = pd.concat([derived("a", 0, 0.5), derived("b", 1, 0.6)])
    there = pd.concat([derived("c", 0, 0.75), derived("d", 2, 1.0)])
    lost = degradation(here, there)
    assert list(lost.columns) == list(here.columns)
    assert lost["metric"].tolist() == ["degradation"]
    assert lost["run_id"].tolist() == ["a"]
    assert lost["value"].tolist() == [pytest.approx(0.25)]


@pytest.mark.parametrize(
    "changes",
    [
        {"baseline": "si"},
        {"scenario": "class-il"},
        {"rule": "energy"},
        {"metric": "bwt"},
        {"setting": "ewc_lambda=1.0"},
    ],
)
def test_nothing_else_is_compared(changes: dict[str, str]) -> None:
    assert degradation(derived("a", 0, 0.5), derived("c", 0, 0.75, **changes)).empty
