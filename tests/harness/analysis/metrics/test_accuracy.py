"""Metrics against hand-worked matrices, and laws that any matrix obeys."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from harness.analysis import metrics
from harness.analysis.metrics import (
    acc,
    aia,
    bwt,
    degradation,
    derive,
    forgetting,
    fwt,
    learning_accuracy,
    pairs,
)

# Worked by hand. Row i: after i tasks; row 0: untrained, 0.10 everywhere.
R = np.array(
    [
        [0.10, 0.10, 0.10, 0.10],
        [0.90, 0.10, 0.12, 0.09],
        [0.95, 0.80, 0.11, 0.10],
        [0.60, 0.88, 0.96, 0.13],
        [0.97, 0.70, 0.88, 0.95],
    ]
)


def test_by_hand():
    assert acc(R) == pytest.approx((0.97 + 0.70 + 0.88 + 0.95) / 4)
    assert learning_accuracy(R) == pytest.approx((0.90 + 0.80 + 0.96 + 0.95) / 4)
    assert bwt(R) == pytest.approx((0.07 - 0.10 - 0.08) / 3)
    assert fwt(R) == pytest.approx((0.00 + 0.01 + 0.03) / 3)
    # task 1: best 0.95 before the last; task 2: 0.88; task 3: 0.96
    assert forgetting(R) == pytest.approx((0.95 - 0.97 + 0.88 - 0.70 + 0.96 - 0.88) / 3)
    incremental = [0.90, (0.95 + 0.80) / 2, (0.60 + 0.88 + 0.96) / 3, acc(R)]
    assert aia(R) == pytest.approx(sum(incremental) / 4)


def test_one_task_transfers_nothing():
    one = np.array([[0.1], [0.9]])
    assert acc(one) == learning_accuracy(one) == 0.9
    assert np.isnan([bwt(one), fwt(one), forgetting(one)]).all()


def test_what_was_not_measured_is_not_zero():
    joint = R.copy()
    joint[1:-1] = np.nan
    assert acc(joint) == acc(R)
    assert np.isnan([bwt(joint), forgetting(joint), learning_accuracy(joint), fwt(joint)]).all()


@st.composite
def matrices(draw):
    tasks = draw(st.integers(2, 6))
    return draw(arrays(float, (tasks + 1, tasks), elements=st.floats(0, 1, width=16)))


@given(matrices())
def test_laws(r):
    tasks = r.shape[1]
    assert acc(r) - learning_accuracy(r) == pytest.approx((tasks - 1) / tasks * bwt(r), abs=1e-12)
    assert forgetting(r) >= -bwt(r) - 1e-12
    assert 0 <= acc(r) <= 1
    assert -1 <= bwt(r) <= 1


@given(st.floats(0, 1), st.integers(2, 6))
def test_nothing_happens_to_a_constant_matrix(value, tasks):
    r = np.full((tasks + 1, tasks), value)
    for metric in (bwt, fwt, forgetting):
        assert metric(r) == pytest.approx(0)
    assert acc(r) == pytest.approx(value)


def rows(**columns):
    table = pd.DataFrame(columns)
    fixed = {"run_id": "a", "baseline": "rmn", "setting": "", "seed": 0, "regime": "", "rule": ""}
    return table.assign(**{key: value for key, value in fixed.items() if key not in table})


def test_masks_and_costs_by_hand():
    """Two layers of 4 and 6 weights; masks keep 2 + 3 and 1 + 2 weights, 1 + 1 of them shared."""
    layers = ["x", "y"]
    table = pd.concat(
        [
            rows(metric="weights", layer=layers, value=[4.0, 6.0]),
            rows(metric="mask_ones", after=1, task=1, layer=layers, value=[2.0, 3.0]),
            rows(metric="mask_ones", after=2, task=2, layer=layers, value=[1.0, 2.0]),
            rows(metric="mask_overlap", after=2, task=1, other=2, layer=layers, value=[1.0, 1.0]),
            rows(metric="weights_used", after=1, layer=layers, value=[2.0, 3.0]),
            rows(metric="weights_used", after=2, layer=layers, value=[2.0, 4.0]),
            rows(metric="stored_bytes", after=[1, 2], value=[10.0, 30.0]),
            rows(metric="stored_examples", after=[1, 2], value=[0.0, 5.0]),
            rows(metric="train_seconds", after=[1, 2], value=[1.0, 2.0]),
            rows(metric="eval_seconds", after=[1, 2], value=[0.5, 0.5]),
            rows(
                metric="inferred_as", regime="task-agnostic", rule="energy", after=2,
                task=[1, 1, 2, 2], other=[1, 2, 1, 2], value=[0.9, 0.1, 0.3, 0.7],
            ),
        ]
    )  # fmt: skip
    found = derive(table).set_index("metric")["value"]
    assert found["mask_density"] == pytest.approx((5 / 10 + 3 / 10) / 2)
    assert found["weights_used"] == pytest.approx(6 / 10)
    assert found["mask_overlap"] == pytest.approx(2 / (5 + 3 - 2))
    assert found["stored_bytes"] == 30
    assert found["stored_examples"] == 5
    assert found["seconds"] == 4
    assert found["task_inference"] == pytest.approx(0.8)
    assert pairs(table)["value"].tolist() == [pytest.approx(1 / 3)]


def test_remembering_by_hand():
    agnostic = {"regime": "task-agnostic", "rule": "max-logit"}
    table = pd.concat(
        [
            rows(metric="border", task=[1, 2, 3], value=[0.0, 10.0, 20.0]),
            rows(metric="switch", other=[1, 2, 3], value=[0.0, 12.0, 15.0]),
            rows(metric="batches", value=[30.0]),
            rows(metric="masks", after=[1, 2, 3], value=[1.0, 3.0, 3.0]),
            rows(metric="old_new_auroc", after=[1, 2, 2], task=[1, 1, 2], value=[0.9, 0.8, 0.4],
                 **agnostic),
            rows(metric="inferred_together", after=3, task=[1, 2, 3, 1], other=[10, 10, 10, 100],
                 value=[1.0, 0.5, 0.0, 0.25], **agnostic),
            rows(metric="router_bytes", after=[1, 2], value=[10.0, 20.0], **agnostic),
            rows(metric="accuracy", after=[0, 1], task=1, value=[0.1, 0.7], **agnostic),
        ]
    )  # fmt: skip
    derived = derive(table)
    found = derived.set_index("metric")["value"]
    assert found["switch_precision"] == found["switch_recall"] == 1 / 2
    assert found["switch_delay"] == 2
    assert found["false_alarms"] == pytest.approx(1000 / 30)
    assert found["masks_per_task"] == 1
    assert found["old_new_auroc"] == pytest.approx(0.7)
    assert found["inferred_of_10"] == pytest.approx(0.5)
    assert found["inferred_of_100"] == 0.25
    assert found["router_bytes"] == 20
    told = derived.assign(run_id="b", value=derived["value"] + 0.2)
    lost = degradation(derived, told)
    assert lost["metric"].tolist() == ["degradation"]
    assert lost["value"].tolist() == [pytest.approx(0.2)]
    assert lost["run_id"].tolist() == ["a"]


def test_every_metric_says_what_it_means():
    for metric in metrics.METRICS.values():
        assert metric.title
        assert metric.formula
        assert metric.source
