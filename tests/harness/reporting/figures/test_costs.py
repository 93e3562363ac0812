"""The figure of costs against the seconds and bytes that the results were made up with."""

from __future__ import annotations

from typing import Any

import pytest

from harness.analysis.leaderboard import Leaderboard
from harness.reporting.figures.costs import cost
from harness.storage.store import Results


def test_accuracy_stands_above_seconds_and_kilobytes(found: Results, board: Leaderboard) -> None:
    figure = cost(found.rows, board)
    assert figure is not None
    seconds, kilobytes = figure.axes
    for axis, x in ((seconds, 5 * (2 + 1)), (kilobytes, 0.5)):
        points: list[Any] = axis.get_lines()
        assert [point.get_label() for point in points] == ["RMN", "NAIVE"]
        for point, entry in zip(points, board.entries, strict=True):
            assert point.get_xdata() == [x]
            assert point.get_ydata() == [pytest.approx(100 * entry.cells[board.column("acc")].mean)]
    assert kilobytes.get_xscale() == "symlog"  # a method may keep nothing at all
