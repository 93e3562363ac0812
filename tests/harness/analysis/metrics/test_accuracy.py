"""Metrics of a matrix against hand-worked values, Avalanche's own, and laws that any obeys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from avalanche.evaluation.functional import forgetting as forgetting_of_matrix
from avalanche.evaluation.metrics import Accuracy
from avalanche.evaluation.metrics.forgetting_bwt import StreamBWT, StreamForgetting
from avalanche.evaluation.metrics.forward_transfer import StreamForwardTransfer
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from harness.analysis.metrics.accuracy import (
    Matrix,
    acc,
    aia,
    bwt,
    forgetting,
    forgetting_chaudhry,
    fwt,
    learning_accuracy,
    matrices,
    matrix,
    mean_matrix,
    unseen_matrices,
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


def test_by_hand() -> None:
    assert acc(R) == pytest.approx((0.97 + 0.70 + 0.88 + 0.95) / 4)
    assert learning_accuracy(R) == pytest.approx((0.90 + 0.80 + 0.96 + 0.95) / 4)
    assert bwt(R) == pytest.approx((0.07 - 0.10 - 0.08) / 3)
    assert fwt(R) == pytest.approx((0.00 + 0.01 + 0.03) / 3)
    # task 1: best 0.95 before the last; task 2: 0.88; task 3: 0.96
    assert forgetting(R) == pytest.approx((0.95 - 0.97 + 0.88 - 0.70 + 0.96 - 0.88) / 3)
    incremental = [0.90, (0.95 + 0.80) / 2, (0.60 + 0.88 + 0.96) / 3, acc(R)]
    assert aia(R) == pytest.approx(sum(incremental) / 4)


def test_chaudhry_counts_what_was_known_before_it_was_learned() -> None:
    assert forgetting_chaudhry(R) == forgetting(R)
    foreseen = R.copy()
    foreseen[1, 2] = 0.99  # task 3 after task 1; the best since it was learned is 0.96
    assert forgetting(foreseen) == forgetting(R)
    assert forgetting_chaudhry(foreseen) == pytest.approx(forgetting(R) + (0.99 - 0.96) / 3)
    untrained = R.copy()
    untrained[0] = 1.0  # his l begins at 1
    assert forgetting_chaudhry(untrained) == forgetting_chaudhry(R)


def test_one_task_transfers_nothing() -> None:
    one = np.array([[0.1], [0.9]])
    assert acc(one) == learning_accuracy(one) == 0.9
    assert np.isnan([bwt(one), fwt(one), forgetting(one), forgetting_chaudhry(one)]).all()


def test_what_was_not_measured_is_not_zero() -> None:
    joint = R.copy()
    joint[1:-1] = np.nan
    assert acc(joint) == acc(R)
    unknown = (bwt, forgetting, forgetting_chaudhry, learning_accuracy, fwt)
    assert np.isnan([metric(joint) for metric in unknown]).all()
    learned_only = R.copy()
    learned_only[np.triu_indices_from(R, 0)] = np.nan
    assert forgetting(learned_only) == forgetting(R)
    assert np.isnan(forgetting_chaudhry(learned_only))


@st.composite
def any_matrix(draw: st.DrawFn) -> Matrix:
    tasks = draw(st.integers(2, 6))
    return draw(arrays(float, (tasks + 1, tasks), elements=st.floats(0, 1, width=16)))


@given(any_matrix())
def test_laws(r: Matrix) -> None:
    tasks = r.shape[1]
    assert acc(r) - learning_accuracy(r) == pytest.approx((tasks - 1) / tasks * bwt(r), abs=1e-12)
    assert forgetting_chaudhry(r) >= forgetting(r) >= -bwt(r) - 1e-12
    assert 0 <= acc(r) <= 1
    assert 0 <= aia(r) <= 1
    for metric in (bwt, fwt, forgetting, forgetting_chaudhry):
        assert -1 <= metric(r) <= 1


@given(any_matrix())
def test_two_tasks_are_forgotten_alike_by_every_definition(r: Matrix) -> None:
    r = r[:3, :2]
    assert forgetting(r) == forgetting_chaudhry(r) == pytest.approx(-bwt(r))


@given(st.floats(0, 1), st.integers(2, 6))
def test_nothing_happens_to_a_constant_matrix(value: float, tasks: int) -> None:
    r = np.full((tasks + 1, tasks), value)
    for metric in (bwt, fwt, forgetting, forgetting_chaudhry):
        assert metric(r) == pytest.approx(0)
    for metric in (acc, aia, learning_accuracy):
        assert metric(r) == pytest.approx(value)


def cells(r: Matrix, run_id: str = "a", rule: str = "") -> pd.DataFrame:
    """The rows that a matrix is measured as, without what is NaN."""
    table = pd.DataFrame(
        [(after, task + 1, value) for (after, task), value in np.ndenumerate(r)],
        columns=["after", "task", "value"],
    )
    return table.dropna().assign(run_id=run_id, scenario="task-il", rule=rule)


@given(any_matrix(), any_matrix())
def test_matrices_are_put_together_from_rows_in_any_order(one: Matrix, other: Matrix) -> None:
    one[1, 1] = np.nan
    rows = pd.concat([cells(one), cells(other, run_id="b", rule="energy")])
    found = matrices(rows.sample(frac=1, random_state=0))
    np.testing.assert_array_equal(found["a", "task-il", ""], one)
    np.testing.assert_array_equal(found["b", "task-il", "energy"], other)
    np.testing.assert_array_equal(matrix(cells(one)), one)


def test_the_mean_matrix_is_over_the_runs_that_measured_a_cell() -> None:
    one, other = R.copy(), R + 0.02
    one[2, 2] = np.nan
    expected = R + 0.01
    expected[2, 2] = other[2, 2]
    rows = pd.concat([cells(one), cells(other, run_id="b")])
    np.testing.assert_allclose(mean_matrix(rows), expected)


def test_forward_transfer_needs_tasks_to_come() -> None:
    seen = R.copy()
    seen[0] = np.nan
    seen[np.triu_indices_from(seen, 0)] = np.nan
    assert np.isnan(fwt(seen))
    assert acc(seen) == acc(R)


def test_a_task_that_began_early_was_seen_by_then() -> None:
    """Where each task begins before the end of the one before it, tasks 3 and 4 are in time."""
    shown = pd.DataFrame({"after": [1, 2, 3, 4], "value": [2.0, 3.0, 4.0, 4.0]})
    rows = pd.concat(
        [
            cells(R).assign(metric="accuracy"),
            cells(R, run_id="b").assign(metric="accuracy"),
            shown.assign(run_id="a", scenario="", rule="", metric="tasks_shown"),
        ]
    )
    found = unseen_matrices(rows)
    assert np.argwhere(np.isnan(found["a", "task-il", ""])).tolist() == [[1, 1], [2, 2], [3, 3]]
    assert fwt(found["a", "task-il", ""]) == pytest.approx((0.12 - 0.10 + 0.10 - 0.10) / 2)
    np.testing.assert_array_equal(found["b", "task-il", ""], R)


def slow_fwt(r: Matrix, begun: list[int]) -> float:
    """By the definition: the last accuracy before any example of a task was shown.

    Args:
        r: accuracies.
        begun: number of tasks that had begun by the end of each.
    """
    gains = []
    for task in range(2, r.shape[1] + 1):
        before = [i for i in range(1, task) if begun[i - 1] < task]
        if before:
            gains.append(r[max(before), task - 1] - r[0, task - 1])
    return sum(gains) / len(gains) if gains else float("nan")


@given(any_matrix(), st.integers(0, 2))
def test_forward_transfer_is_that_of_a_slow_reference(r: Matrix, early: int) -> None:
    tasks = r.shape[1]
    begun = [min(after + early, tasks) for after in range(1, tasks + 1)]
    shown = pd.DataFrame({"after": range(1, tasks + 1), "value": begun})
    marks = shown.assign(run_id="a", scenario="", rule="", metric="tasks_shown")
    rows = pd.concat([cells(r).assign(metric="accuracy"), marks])
    [unseen] = unseen_matrices(rows).values()
    assert fwt(unseen) == pytest.approx(slow_fwt(r, begun), nan_ok=True)


def test_no_rows_make_no_matrix() -> None:
    assert matrices(cells(R).iloc[:0]) == {}


def test_backward_transfer_is_avalanches() -> None:
    assert bwt(R) == pytest.approx(_streamed(StreamBWT, R[1:]))


def test_avalanches_forgetting_is_negative_backward_transfer() -> None:
    """It starts from the accuracy right after learning, not from the best since."""
    assert -bwt(R) == pytest.approx(_streamed(StreamForgetting, R[1:]))
    assert -bwt(R) == pytest.approx(forgetting_of_matrix(R[1:])[-1, :-1].mean())
    # tasks 1 and 2 were known better later: 0.95 after 0.90, 0.88 after 0.80
    assert forgetting(R) == pytest.approx(-bwt(R) + (0.05 + 0.08) / 3)


def test_forgetting_is_avalanches_where_accuracy_only_falls() -> None:
    falling = np.array([[0.5, 0.5, 0.5], [0.9, 0.5, 0.5], [0.8, 0.9, 0.5], [0.6, 0.7, 0.9]])
    expected = pytest.approx(_streamed(StreamForgetting, falling[1:]))
    assert forgetting(falling) == forgetting_chaudhry(falling) == expected


def test_forward_transfer_is_avalanches() -> None:
    assert fwt(R) == pytest.approx(_streamed(StreamForwardTransfer, R, first=-1))


def test_average_accuracy_is_avalanches_for_tasks_of_equal_size() -> None:
    """Avalanche's stream accuracy weighs tasks by their examples, ours weighs them equally."""
    streamed = Accuracy()
    for share in R[-1]:
        right = torch.arange(100) < round(100 * share)
        streamed.update(right.long(), torch.ones(100, dtype=torch.long))
    assert acc(R) == pytest.approx(streamed.result())


def _streamed(plugin: Callable[[], object], evaluations: Matrix, first: int = 0) -> float:
    """What a plugin of Avalanche says, driven as by its loop, after the last evaluation.

    Args:
        plugin: its class.
        evaluations: accuracy on each experience (columns) at each evaluation (rows).
        first: number of the experience trained before the first evaluation; -1 for none.
    """
    metric: Any = plugin()
    for trained, accuracies in enumerate(evaluations, start=first):
        metric.train_exp_id = trained
        metric.before_eval(None)
        for experience, accuracy in enumerate(accuracies):
            metric.eval_exp_id = experience
            metric.metric_result = lambda _, accuracy=accuracy: float(accuracy)
            metric.after_eval_exp(None)
        metric.at_init = False
    return float(metric.result())
