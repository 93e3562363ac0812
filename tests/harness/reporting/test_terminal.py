"""The leaderboard on a terminal of 80 columns: titles are folded, numbers never."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from harness.analysis.leaderboard import SECONDS, Cell, Entry, Leaderboard
from harness.reporting.terminal import leaderboard_table, legend

LEGEND = "ACC: average accuracy (%) after the last task"
LONG = "RMN+ (every_router=True, quiet_weight=0.1, negatives=noise)"


def shown(board: Leaderboard, *, width: int = 80, colours: bool = False) -> str:
    """What a terminal of some columns shows."""
    out = StringIO()
    console = Console(file=out, width=width, color_system="standard" if colours else None)
    console.print(leaderboard_table(board))
    return out.getvalue()


def numbers(board: Leaderboard, entry: Entry) -> list[str]:
    """The numbers of a method's row, in their order."""
    measured = [entry.text(board.column(metric)) for metric in ("acc", "forgetting")]
    seconds = SECONDS.text(Cell(entry.cells[SECONDS].mean, float("nan")))
    return [str(entry.seeds), *measured, seconds]


@pytest.fixture(params=[0, 1], ids=["task-il", "class-il"])
def either(request: pytest.FixtureRequest, boards: list[Leaderboard]) -> Leaderboard:
    """The leaderboard of one of the scenarios."""
    place: int = request.param
    return boards[place]


def test_every_number_is_whole_and_beside_its_method(either: Leaderboard) -> None:
    lines = shown(either).splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in "".join(lines)
    rows = iter(lines)
    for entry in either.entries:
        first_word = entry.title.split()[0]
        words = " ".join(numbers(either, entry)).split()
        assert any(
            line.split()[:1] == [first_word] and line.split()[-len(words) :] == words
            for line in rows  # of those below the method before
        ), entry.title


def test_what_the_paper_prints_stands_below_its_method(either: Leaderboard) -> None:
    lines = [line.split() for line in shown(either).splitlines()]
    printed = [" ".join(line[1:]) for line in lines if line[:1] == ["paper"]]
    assert printed == ["99.5 ± 0.2"]  # for Naive it prints nothing


def test_the_scenario_is_named_and_explained(boards: list[Leaderboard]) -> None:
    first, second = (" ".join(shown(board).split()) for board in boards)
    assert first.startswith("split_mnist, profile default, task-il")
    assert "The task identity is given in training and at test" in first
    assert second.startswith("split_mnist, profile default, class-il")
    assert "no identity is given at test." in second


def test_long_titles_are_folded_between_words(either: Leaderboard) -> None:
    entries = [replace(entry, title=LONG) for entry in either.entries]
    text = shown(replace(either, entries=entries))
    assert max(map(len, text.splitlines())) <= 80
    for word in LONG.split():
        assert text.count(word) == len(entries)
    assert all(entry.text(either.column("acc")) in text for entry in entries)


@pytest.mark.parametrize("width", [64, 80, 200])
def test_a_word_wider_than_the_column_costs_no_number(width: int, board: Leaderboard) -> None:
    wide = Cell(0.5, 1.2706, seeds=2)
    cells = dict.fromkeys(board.entries[0].cells, wide)
    entry = replace(board.entries[0], title="M (" + "x" * 90 + ")", cells=cells)
    text = shown(replace(board, entries=[entry]), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert text.count("50.00 (n=2)") == 2
    assert text.count("x") == 90


def test_markup_in_a_title_is_literal(board: Leaderboard) -> None:
    entry = replace(board.entries[0], title="[bold]M[/bold] [/] (x=[1])")
    assert "[bold]M[/bold] [/]" in shown(replace(board, entries=[entry]))


def test_the_best_are_bold_and_no_other(board: Leaderboard) -> None:
    text = shown(board, colours=True)
    best, other = board.entries
    accuracy = board.column("acc")
    assert best.cells[accuracy].best
    assert not other.cells[accuracy].best
    assert f"\x1b[1m{best.text(accuracy)}\x1b[0m" in text
    assert f"\x1b[1m{other.text(accuracy)}" not in text
    assert other.text(accuracy) in text


def test_the_legend_says_what_the_columns_are(boards: list[Leaderboard]) -> None:
    text = legend(boards)
    assert LEGEND in text
    assert "n = 3 seeds" in text
    assert "Paper: quoted, not measured." in text
