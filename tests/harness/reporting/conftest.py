"""The made-up results of `tests/harness/conftest.py`, read and compared in each scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.analysis.comparisons import Comparison, comparisons
from harness.analysis.leaderboard import Leaderboard, leaderboard
from harness.analysis.selection import select
from harness.storage import store
from harness.storage.store import Results


@pytest.fixture(scope="session")
def compared(results: Path) -> list[Comparison]:
    """In task-il and in class-il."""
    return comparisons(select(store.read(results, "split_mnist", "default")))


@pytest.fixture(scope="session")
def boards(compared: list[Comparison]) -> list[Leaderboard]:
    """Their leaderboards."""
    return [leaderboard(one) for one in compared]


@pytest.fixture(scope="session")
def found(compared: list[Comparison]) -> Results:
    """The runs in task-il."""
    return compared[0].results


@pytest.fixture(scope="session")
def board(boards: list[Leaderboard]) -> Leaderboard:
    """Their leaderboard."""
    return boards[0]


@pytest.fixture(scope="session")
def class_il(compared: list[Comparison], boards: list[Leaderboard]) -> tuple[Results, Leaderboard]:
    """The runs in class-il and their leaderboard."""
    return compared[1].results, boards[1]
