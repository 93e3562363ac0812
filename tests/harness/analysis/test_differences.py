"""Differences from one method, paired by seed and corrected for their number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from scipy import stats

from harness.analysis.comparisons import comparisons, without_variants
from harness.analysis.differences import Told, differences
from harness.analysis.leaderboard import Leaderboard, leaderboard
from harness.analysis.selection import select
from harness.storage import store

SaveRun = Callable[..., Path]

LEVELS = {
    "rmn": (0.90, 0.92, 0.94),
    "hat": (0.91, 0.92, 0.93),  # no higher and no lower
    "ewc": (0.80, 0.8201, 0.84),
    "joint": (0.95, 0.9701, 0.99),
    "si": (0.5, 0.6),
}


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory, save_run: SaveRun) -> Leaderboard:
    root = tmp_path_factory.mktemp("differences")
    for name, levels in LEVELS.items():
        for seed, level in enumerate(levels):
            save_run(root, name, seed, level)
    [comparison] = comparisons(select(store.read(root, "split_mnist", "default")))
    return leaderboard(comparison)


def test_each_other_method_is_told_apart_or_not(board: Leaderboard) -> None:
    rmn = next(entry for entry in board.entries if entry.baseline == "rmn")
    found = differences(board, rmn, board.column("acc"))
    assert {one.entry.baseline: one.told for one in found} == {
        "joint": Told.HIGHER,
        "hat": Told.NOT,
        "ewc": Told.LOWER,
        "si": Told.UNTESTED,
    }
    assert [one.entry.baseline for one in found] == ["joint", "hat", "ewc", "si"]


def test_means_and_intervals_are_of_the_pairs(board: Leaderboard) -> None:
    rmn = next(entry for entry in board.entries if entry.baseline == "rmn")
    found = {one.entry.baseline: one for one in differences(board, rmn, board.column("acc"))}
    pairs = [other - own for other, own in zip(LEVELS["ewc"], LEVELS["rmn"], strict=True)]
    low, high = stats.t.interval(0.95, 2, loc=sum(pairs) / 3, scale=stats.sem(pairs))
    assert found["ewc"].mean == pytest.approx((low + high) / 2)
    assert found["ewc"].half_width == pytest.approx((high - low) / 2)
    assert (found["ewc"].seeds, found["si"].seeds) == (3, 2)


def test_a_variant_is_no_method_of_the_comparison(tmp_path: Path, save_run: SaveRun) -> None:
    save_run(tmp_path, "rmn", 0, 0.9)
    save_run(tmp_path, "rmn", 0, 0.99, epochs=20)
    [whole] = comparisons(select(store.read(tmp_path, "split_mnist", "default")))
    assert [entry.variant for entry in leaderboard(whole).entries] == ["training.epochs=20", ""]
    assert [entry.variant for entry in leaderboard(without_variants(whole)).entries] == [""]


def test_where_there_are_variants_alone_they_are_compared(
    tmp_path: Path, save_run: SaveRun
) -> None:
    save_run(tmp_path, "rmn", 0, 0.99, epochs=20)
    [whole] = comparisons(select(store.read(tmp_path, "split_mnist", "default")))
    assert without_variants(whole) is whole
