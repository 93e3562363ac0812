"""Which runs are warned of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from harness.analysis.comparisons import comparisons
from harness.analysis.leaderboard import Leaderboard, leaderboard
from harness.analysis.loose_masks import loose_masks
from harness.analysis.selection import select
from harness.storage import store


@pytest.fixture
def board(results: Path) -> Leaderboard:
    selected = select(store.read(results, "split_mnist", "default"))
    return leaderboard(comparisons(selected)[0])


def with_gap(board: Leaderboard, value: float) -> Leaderboard:
    """The board with one gap of a seed of the method RMN, and smaller ones of the others."""
    row = board.derived[board.derived["baseline"] == "rmn"].iloc[:1]
    derived = board.derived.astype({"metric": str})
    rows = [row.assign(metric="largest_rounding_gap", value=gap) for gap in (value, -0.1)]
    return replace(board, derived=pd.concat([derived, *rows]))


@pytest.mark.parametrize(("gap", "warned"), [(0.0051, True), (0.005, False), (-0.2, False)])
def test_more_than_half_a_point_is_warned_of(gap: float, warned: bool, board: Leaderboard) -> None:
    assert loose_masks(board) == []
    assert bool(loose_masks(with_gap(board, gap))) == warned


def test_the_warning_names_method_and_points(board: Leaderboard) -> None:
    assert loose_masks(with_gap(board, 0.0312)) == [
        "RMN: rounding takes up to 3.1 points from a finished mask, which had not tightened."
    ]
