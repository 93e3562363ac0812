"""Figures of masks against the counts that the results were made up with."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.analysis.leaderboard import Leaderboard
from harness.reporting.figures.masks import overlap, usage
from harness.storage.store import Results


def test_density_and_use_are_shares_of_all_layers_weights(
    found: Results, board: Leaderboard
) -> None:
    figure = usage(found.rows, board)
    assert figure is not None
    [axis] = figure.axes
    means: dict[str, Any] = {
        str(line.get_linestyle()): line for line in axis.get_lines() if line.get_marker() != "None"
    }
    assert means["-"].get_label() == "RMN"
    np.testing.assert_allclose(means["-"].get_ydata(), [15, 30, 45, 60, 75])
    np.testing.assert_allclose(means[":"].get_ydata(), [20] * 5)
    for line in means.values():
        assert line.get_xdata().tolist() == [1, 2, 3, 4, 5]
    assert axis.get_ylim()[0] == 0


def test_without_masks_there_is_no_figure(found: Results, board: Leaderboard) -> None:
    rows = found.rows[found.rows["baseline"] == "naive"]
    assert usage(rows, board) is None
    assert overlap(rows, board) is None


def test_overlap_is_intersection_over_union_on_its_own_scale(
    found: Results, board: Leaderboard
) -> None:
    figure = overlap(found.rows, board)
    assert figure is not None
    panel = next(axis for axis in figure.axes if axis.axison)
    assert panel.get_title() == "RMN"
    cells: Any = panel.collections[0].get_array()
    shown = np.ma.filled(cells, np.nan).reshape(4, 4)
    lower = np.tri(4, dtype=bool)  # of tasks 2 to 5 with tasks 1 to 4
    share = 100 * 5 / (20 + 20 - 5)
    np.testing.assert_allclose(shown[lower], share)
    assert np.isnan(shown[~lower]).all()
    np.testing.assert_allclose(panel.collections[0].get_clim(), (0, share))
