"""Every metric of every run in one table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from harness.analysis.derivation import derive
from harness.storage import schema
from harness.storage.record import Record

Finish = Callable[..., tuple[Record, pd.DataFrame]]

COLUMNS = ["run_id", "baseline", "setting", "seed", "scenario", "rule", "metric", "value"]


def test_runs_scenarios_and_rules_are_kept_apart(finish: Finish) -> None:
    other = np.array([[0.5, 0.5, 0.5], [0.8, 0.5, 0.5], [0.7, 0.8, 0.5], [0.6, 0.7, 0.8]])
    one, first = finish(seed=3)
    two, second = finish(other, baseline="ewc")
    derived = derive(pd.concat([first, second], ignore_index=True))
    assert list(derived.columns) == COLUMNS
    acc = derived[derived["metric"] == "acc"]
    assert acc[["run_id", "baseline", "seed", "scenario", "rule"]].to_numpy().tolist() == [
        [record.run.id, record.run.baseline, record.run.seed, scenario, rule]
        for record in (one, two)
        for scenario, rule in (
            ("task-il", ""),
            ("class-il", "max-logit"),
            ("class-il", "energy"),
        )
    ]
    assert acc["value"].tolist() == pytest.approx([0.75, 0.75 / 2, 0.75 / 4, 0.7, 0.7 / 2, 0.7 / 4])
    costs = derived[derived["metric"] == "seconds"]
    assert costs[["scenario", "rule"]].to_numpy().tolist() == [["", ""]] * 2


def test_values_are_numbers_whatever_was_not_measured(finish: Finish) -> None:
    _, rows = finish()
    derived = derive(rows)
    assert derived["value"].dtype == np.float64
    assert set(derived["metric"]) >= {"acc", "seconds"}
    assert not {"switch_f1", "mask_density", "degradation"} & set(derived["metric"])
    assert not derived.drop(columns="value").duplicated().any()


def test_nothing_measured_is_an_empty_table() -> None:
    derived = derive(schema.empty())
    assert list(derived.columns) == COLUMNS
    assert derived.empty


def test_only_what_is_wanted_is_made(finish: Finish) -> None:
    _, rows = finish()
    everything = derive(rows)
    wanted = ["acc", "seconds"]
    chosen = everything[everything["metric"].isin(wanted)].reset_index(drop=True)
    pd.testing.assert_frame_equal(derive(rows, wanted), chosen)


def test_measurements_of_other_packages_are_left_alone(finish: Finish) -> None:
    _, rows = finish()
    extra = rows.iloc[:1].assign(metric="beauty")
    pd.testing.assert_frame_equal(derive(rows), derive(pd.concat([rows, extra])))
