"""Accuracy that a network per task has more when learned, of runs of one seed."""

from __future__ import annotations

import pandas as pd
import pytest

from harness.analysis.metrics.intransigence import intransigence

RUN = {"budget": "5", "seed": 0, "scenario": "task-il", "rule": "", "metric": "learning_accuracy"}


def learned(run_id: str, value: float, **changes: object) -> pd.DataFrame:
    return pd.DataFrame([{**RUN, "run_id": run_id, "value": value, **changes}])


def test_by_hand() -> None:
    methods = pd.concat([learned("a", 0.9), learned("b", 0.97), learned("c", 0.5, seed=1)])
    lost = intransigence(methods, learned("r", 0.95))
    assert list(lost.columns) == list(methods.columns)
    assert lost["metric"].tolist() == ["intransigence"] * 2
    assert lost["run_id"].tolist() == ["a", "b"]
    assert lost["value"].tolist() == pytest.approx([0.05, -0.02])


@pytest.mark.parametrize("changes", [{"seed": 1}, {"budget": "1"}])
def test_nothing_else_is_compared(changes: dict[str, object]) -> None:
    assert intransigence(learned("a", 0.9), learned("r", 0.95, **changes)).empty


def test_every_rule_is_held_against_the_one_of_the_reference() -> None:
    rules = pd.concat([learned("a", 0.9, rule="energy"), learned("a", 0.8, rule="max-logit")])
    lost = intransigence(rules.assign(scenario="class-il"), learned("r", 0.95))
    assert set(lost["scenario"]) == {"class-il"}
    assert lost["rule"].tolist() == ["energy", "max-logit"]
    assert lost["value"].tolist() == pytest.approx([0.05, 0.15])
