"""Figures of task inference against the shares that the results were made up with."""

from __future__ import annotations

import numpy as np

from harness.analysis.leaderboard import Leaderboard
from harness.reporting.figures.inference import confusion, responses
from harness.storage.store import Results


def test_each_row_says_what_a_task_was_taken_for(class_il: tuple[Results, Leaderboard]) -> None:
    found, board = class_il
    figure = confusion(found.rows, board)
    assert figure is not None
    [panel] = [axis for axis in figure.axes if axis.axison]  # Naive infers no task
    title = " ".join(panel.get_title().split())
    assert title == "RMN: 60.0 % right"
    shown = np.asarray(panel.collections[0].get_array()).reshape(5, 5)
    np.testing.assert_allclose(shown, np.where(np.eye(5, dtype=bool), 60, 10))
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("inferred task", "true task")


def test_of_several_rules_the_default_is_drawn(class_il: tuple[Results, Leaderboard]) -> None:
    found, board = class_il
    others = found.rows[found.rows["rule"] != "max-logit"]
    assert confusion(others, board) is None


def test_responses_have_test_data_in_rows_and_masks_in_columns(
    unlabelled: tuple[Results, Leaderboard],
) -> None:
    found, board = unlabelled
    figure = responses(found.rows, board)
    assert figure is not None
    [panel] = [axis for axis in figure.axes if axis.axison]
    assert "".join(panel.get_title().split()) == "RMN_UNSUPERVISED"
    shown = np.asarray(panel.collections[0].get_array()).reshape(3, 3)
    np.testing.assert_allclose(shown, [[90, 12, 13], [21, 90, 23], [31, 32, 90]])


def test_labelled_streams_have_no_responses(found: Results, board: Leaderboard) -> None:
    assert responses(found.rows, board) is None
