"""The leaderboard on terminals of every width, from the committed results."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from harness.analysis.leaderboard import ACC_AWARE, LEADERBOARD, columns_of, leaderboard
from harness.reporting.terminal import leaderboard_table
from harness.storage import provenance, store
from harness.storage.store import Results

EVERY_TITLE = [
    "Method",
    "Seeds",
    *(column.title for column in columns_of(*LEADERBOARD)),
    "Rule",
    "Paper task-aware",
    "Paper task-agnostic",
]


@pytest.fixture(scope="module")
def results() -> Results:
    return store.read(provenance.ROOT / "results", "split_mnist", "default")


def shown(results: Results, width: int) -> tuple[list[str], list[str]]:
    """The titles of the columns, and the lines as printed."""
    out = StringIO()
    table = leaderboard_table(results, width)
    Console(file=out, width=width).print(table)
    return [str(column.header) for column in table.columns], out.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 100, 120, 160, 200, 240])
def test_nothing_is_cut(results: Results, width: int) -> None:
    titles, lines = shown(results, width)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert "…" not in text
    for regime in ("task-aware", "task-agnostic"):
        assert regime in text
    accuracies = {entry.text(ACC_AWARE) for entry in leaderboard(results).entries}
    assert all(accuracy in text for accuracy in accuracies)
    caption = " ".join(line.strip() for line in lines[-6:])
    assert all(title in caption for title in EVERY_TITLE if title not in titles)


def test_a_wider_terminal_shows_more_until_it_shows_all(results: Results) -> None:
    counts = [len(shown(results, width)[0]) for width in range(60, 281, 20)]
    assert counts == sorted(counts)
    assert counts[0] == 3
    titles, lines = shown(results, 280)
    assert titles == EVERY_TITLE
    assert "No room" not in lines[-1]
