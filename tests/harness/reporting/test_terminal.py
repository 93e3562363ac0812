"""The leaderboard on a terminal of 80 columns: titles are folded, numbers never."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from harness.analysis.leaderboard import (
    ACC_AGNOSTIC,
    ACC_AWARE,
    FORGETTING,
    SECONDS,
    Cell,
    Entry,
    Leaderboard,
    leaderboard,
)
from harness.analysis.selection import select
from harness.reporting.terminal import leaderboard_table
from harness.storage import provenance, store
from harness.storage.schema import TASK_AGNOSTIC, TASK_AWARE

LEGEND = "ACC: average accuracy (%) after the last task"
LONG = "RMN+ (every_router=True, quiet_weight=0.1, negatives=noise)"


@pytest.fixture(scope="module", params=["split_mnist", "permuted_mnist", "split_cifar100"])
def committed(request: pytest.FixtureRequest) -> Leaderboard:
    """The leaderboard of results in the repository."""
    found = store.read(provenance.ROOT / "results", request.param, "default")
    return leaderboard(select(found))


def shown(board: Leaderboard, *, width: int = 80, colours: bool = False) -> str:
    """What a terminal of some columns shows."""
    out = StringIO()
    console = Console(file=out, width=width, color_system="standard" if colours else None)
    console.print(leaderboard_table(board))
    return out.getvalue()


def numbers(entry: Entry) -> list[str]:
    """The numbers of a method's row, in their order."""
    measured = [entry.text(column) for column in (ACC_AWARE, ACC_AGNOSTIC, FORGETTING)]
    seconds = SECONDS.text(Cell(entry.cells[SECONDS].mean, float("nan")))
    return [str(entry.seeds), *measured, seconds]


def test_every_number_is_whole_and_beside_its_method(committed: Leaderboard) -> None:
    lines = shown(committed).splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in "".join(lines)
    rows = iter(lines)
    for entry in committed.entries:
        first_word = entry.title.split()[0]
        words = " ".join(numbers(entry)).split()
        assert any(
            line.split()[:1] == [first_word] and line.split()[-len(words) :] == words
            for line in rows  # of those below the method before
        ), entry.title


def test_what_the_paper_prints_stands_below_its_method(committed: Leaderboard) -> None:
    lines = [line.split() for line in shown(committed).splitlines()]
    printed = [" ".join(line[1:]) for line in lines if line[:1] == ["paper"]]
    quoted = [
        f"{entry.paper(TASK_AWARE)} {entry.paper(TASK_AGNOSTIC)}".strip()
        for entry in committed.entries
        if entry.quoted
    ]
    assert printed == quoted


def test_long_titles_are_folded_between_words(committed: Leaderboard) -> None:
    entries = [replace(entry, title=LONG) for entry in committed.entries]
    text = shown(replace(committed, entries=entries))
    assert max(map(len, text.splitlines())) <= 80
    for word in LONG.split():
        assert text.count(word) == len(entries)
    assert all(entry.text(ACC_AWARE) in text for entry in entries)


@pytest.mark.parametrize("width", [64, 80, 200])
def test_a_word_wider_than_the_column_costs_no_number(width: int, board: Leaderboard) -> None:
    wide = Cell(0.5, 1.2706)  # of two seeds: 50.00 ± 127.06
    cells = dict.fromkeys(board.entries[0].cells, wide)
    entry = replace(board.entries[0], title="M (" + "x" * 90 + ")", cells=cells)
    text = shown(replace(board, entries=[entry]), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert text.count("50.00 ± 127.06") == 3
    assert text.count("x") == 90 + LEGEND.count("x")


def test_markup_in_a_title_is_literal(board: Leaderboard) -> None:
    entry = replace(board.entries[0], title="[bold]M[/bold] [/] (x=[1])")
    assert "[bold]M[/bold] [/]" in shown(replace(board, entries=[entry]))


def test_the_best_are_bold_and_no_other(board: Leaderboard) -> None:
    text = shown(board, colours=True)
    best, other = board.entries
    assert best.cells[ACC_AWARE].best
    assert not other.cells[ACC_AWARE].best
    assert f"\x1b[1m{best.text(ACC_AWARE)}\x1b[0m" in text
    assert f"\x1b[1m{other.text(ACC_AWARE)}" not in text
    assert other.text(ACC_AWARE) in text


def test_the_legend_says_what_the_columns_are(board: Leaderboard) -> None:
    words = " ".join(shown(board).split())
    assert LEGEND in words
    assert "Paper: quoted, not measured." in words
