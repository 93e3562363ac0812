"""The made-up results of `tests/harness/conftest.py`, read and compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.analysis.leaderboard import Leaderboard, leaderboard
from harness.analysis.selection import select
from harness.storage import store
from harness.storage.store import Results


@pytest.fixture(scope="session")
def found(results: Path) -> Results:
    """The runs that count."""
    return select(store.read(results, "split_mnist", "default"))


@pytest.fixture(scope="session")
def board(found: Results) -> Leaderboard:
    """Their leaderboard."""
    return leaderboard(found)
