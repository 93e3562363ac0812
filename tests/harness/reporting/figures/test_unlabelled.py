"""Figures of streams without task labels against the made-up switches and areas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.analysis.leaderboard import Leaderboard
from harness.reporting.figures.unlabelled import old_new, switches
from harness.storage.store import Results


def test_every_seed_has_its_own_line_of_marks(unlabelled: tuple[Results, Leaderboard]) -> None:
    found, board = unlabelled
    figure = switches(found.rows, board)
    assert figure is not None
    (axis,) = figure.axes
    assert [tick.get_text() for tick in axis.get_yticklabels()] == ["RMN_UNSUPERVISED"]
    lines: list[Any] = axis.get_lines()
    boundaries = [line for line in lines if line.get_marker() != "|"]
    assert [line.get_xdata()[0] for line in boundaries] == [0, 100, 200]
    marks = [line for line in lines if line.get_marker() == "|"]
    assert [list(line.get_xdata()) for line in marks] == [[2, 102, 202], [3, 103, 203]]
    heights = [line.get_ydata()[0] for line in marks]
    assert -0.5 < heights[0] < heights[1] < 0.5


def test_old_and_new_are_averaged_over_tasks_and_then_over_seeds(
    unlabelled: tuple[Results, Leaderboard],
) -> None:
    found, board = unlabelled
    figure = old_new(found.rows, board)
    assert figure is not None
    for axis, level, chance in zip(figure.axes, (85, 30), (50, 95), strict=True):
        lines: dict[str, Any] = {str(line.get_label()): line for line in axis.get_lines()}
        for title in ("RMN_UNSUPERVISED", "NAIVE"):  # one by its rule, one by its confidence
            assert lines[title].get_xdata().tolist() == [1, 2]
            np.testing.assert_allclose(lines[title].get_ydata(), [level, level])
        assert [line.get_ydata()[0] for line in lines.values() if line.get_linestyle() == ":"] == [
            chance
        ]


@pytest.mark.parametrize("figure", [switches, old_new])
def test_labelled_streams_have_none(figure: Any, found: Results, board: Leaderboard) -> None:
    assert figure(found.rows, board) is None
