"""The figure of costs against the bytes that the results were made up with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.analysis.columns import BYTES
from harness.analysis.leaderboard import Leaderboard
from harness.reporting.figures.costs import cost
from harness.storage.store import Results


def test_accuracy_stands_above_kilobytes(found: Results, board: Leaderboard) -> None:
    first, other = board.entries
    cells = {**other.cells, BYTES: replace(other.cells[BYTES], mean=9000.0)}
    differing = replace(board, entries=[first, replace(other, cells=cells)])
    figure = cost(found.rows, differing)
    assert figure is not None
    [axis] = figure.axes
    points: list[Any] = axis.get_lines()
    assert [point.get_label() for point in points] == ["RMN", "NAIVE"]
    assert [list(point.get_xdata()) for point in points] == [[0.5], [9.0]]
    for point, entry in zip(points, board.entries, strict=True):
        assert point.get_ydata() == [pytest.approx(100 * entry.cells[board.column("acc")].mean)]
    assert axis.get_xscale() == "symlog"  # a method may keep nothing at all


def test_where_all_need_the_same_there_is_nothing_to_draw(
    found: Results, board: Leaderboard
) -> None:
    assert cost(found.rows, board) is None
