"""Which of many methods a report shows where not all have room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.analysis.comparisons import comparisons
from harness.analysis.leaderboard import Leaderboard, leaderboard
from harness.analysis.selection import select
from harness.reporting import leading
from harness.reporting.answer import answer_table
from harness.reporting.sections import section
from harness.storage import store

SaveRun = Callable[..., Path]


@pytest.fixture
def boards(tmp_path: Path, save_run: SaveRun) -> list[Leaderboard]:
    """Of five methods in task-il the best two are compared on demand only, of class-il the best."""
    for place, method in enumerate(("wsn", "packnet", "hat", "rmn", "naive")):
        save_run(tmp_path, method, 0, 0.9 - place / 10)
    for place, method in enumerate(("rmn_plus", "rmn", "naive")):
        save_run(tmp_path, method, 0, 0.5 - place / 10, scenario="class-il")
    found = select(store.read(tmp_path, "split_mnist", "default"))
    return [leaderboard(one) for one in comparisons(found)]


def names(board: Leaderboard) -> list[str]:
    return [entry.baseline for entry in board.entries]


def test_few_methods_are_all_shown(boards: list[Leaderboard]) -> None:
    assert leading.leading(boards) == ["wsn", "packnet", "hat", "rmn", "naive", "rmn_plus"]
    assert leading.with_leading(boards[0]) == boards[0]
    assert leading.left_out(boards[0], boards[0]) == ""


def test_of_many_the_usual_ones_come_first_and_then_the_best_in_any_scenario(
    boards: list[Leaderboard], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leading, "MOST_SHOWN", 4)
    assert names(leading.with_leading(boards[0])) == ["wsn", "hat", "rmn", "naive"]
    assert names(leading.with_leading(boards[1])) == ["rmn_plus", "rmn", "naive"]
    monkeypatch.setattr(leading, "MOST_SHOWN", 5)
    assert leading.leading(boards) == ["wsn", "hat", "rmn", "naive", "rmn_plus"]


def test_only_the_first_table_of_a_section_has_the_others(
    boards: list[Leaderboard], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leading, "MOST_SHOWN", 3)
    board, shown = boards[0], leading.with_leading(boards[0])
    found = section(board, shown)
    assert "of 3 of the 5 methods here" in found.rules
    first, *others = [[row[0].text for row in table.rows] for table in found.tables]
    assert len(first) == 5
    assert all("PackNet" not in titles for titles in others)


def test_the_answer_says_how_many_it_shows(
    boards: list[Leaderboard], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "methods." not in answer_table(boards).summary
    monkeypatch.setattr(leading, "MOST_SHOWN", 3)
    table = answer_table(boards)
    assert len(table.rows) == 3
    assert "3 of 6 methods." in table.summary
