"""When times are said not to be comparable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.comparisons import comparisons
from harness.analysis.leaderboard import Leaderboard, leaderboard
from harness.analysis.selection import select
from harness.analysis.unequal_devices import unequal_devices
from harness.storage import store
from harness.storage.record import Record


@pytest.fixture
def board_on(results: Path) -> Callable[[Callable[[Record], str]], Leaderboard]:
    """Makes the board of runs that were made on given devices."""

    def make(device: Callable[[Record], str]) -> Leaderboard:
        selected = select(store.read(results, "split_mnist", "default"))
        comparison = comparisons(selected)[0]
        records = [
            replace(record, provenance={**record.provenance, "device_name": device(record)})
            for record in comparison.results.records
        ]
        found = replace(comparison.results, records=records)
        return leaderboard(replace(comparison, results=found))

    return make


def test_one_device_is_no_matter(board_on: Callable[..., Leaderboard]) -> None:
    assert unequal_devices(board_on(lambda record: "Xeon")) == []


def test_methods_are_named_by_device(board_on: Callable[..., Leaderboard]) -> None:
    board = board_on(lambda record: "H100" if record.run.baseline == "rmn" else "Xeon")
    [sentence] = unequal_devices(board)
    others = ", ".join(entry.title for entry in board.entries if entry.baseline != "rmn")
    assert sentence == (
        f"Seconds cannot be compared between devices: RMN on H100; {others} on Xeon."
    )


def test_a_method_with_seeds_on_both_is_named_with_both(
    board_on: Callable[..., Leaderboard],
) -> None:
    board = board_on(lambda record: "H100" if str(record.run) == "rmn seed 0" else "Xeon")
    [sentence] = unequal_devices(board)
    assert "RMN on H100 and Xeon; " in sentence
