"""The leaderboard on a terminal of 80 columns: titles are folded, numbers never."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from io import StringIO

import pandas as pd
import pytest
from rich.console import Console

from harness.analysis.columns import SECONDS, Cell
from harness.analysis.leaderboard import Entry, Leaderboard
from harness.analysis.metrics.definition import Section
from harness.reporting.terminal import ALL_COLUMNS, leaderboard_tables, legend

LEGEND = "ACC: average accuracy (%) after the last task"
LONG = "RMN+ (every_router=True, quiet_weight=0.1, negatives=noise)"


def shown(
    board: Leaderboard,
    complete: Leaderboard | None = None,
    *,
    more: Collection[str] = (),
    width: int = 80,
    colours: bool = False,
) -> str:
    """What a terminal of some columns shows."""
    out = StringIO()
    console = Console(file=out, width=width, color_system="standard" if colours else None)
    for table in leaderboard_tables(board, complete, more, width):
        console.print(table)
    return out.getvalue()


def numbers(board: Leaderboard, entry: Entry) -> list[str]:
    """What stands in a method's row, in its order; ours are far from the paper's."""
    measured = [entry.text(board.column(metric)) for metric in ("acc", "forgetting")]
    seconds = SECONDS.text(Cell(entry.cells[SECONDS].mean, float("nan")))
    paper = entry.paper(board.scenario)
    return [str(entry.seeds), *measured, f"{paper} !" if paper else "", seconds]


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


def test_a_measured_value_far_from_the_papers_is_marked(board: Leaderboard) -> None:
    """The paper prints 99.5; the mark is for more than 1.5 points on either side."""
    best, accuracy = board.entries[0], board.column("acc")
    for mean, marked in ((0.9799, True), (0.9801, False), (0.9999, False)):
        entry = replace(best, cells={**best.cells, accuracy: Cell(mean, 0.001, seeds=3)})
        text = shown(replace(board, entries=[entry]))
        assert ("99.5 ± 0.2 !" in text) is marked


def test_variants_stand_below_the_others_whatever_they_reach(board: Leaderboard) -> None:
    best, worst = board.entries
    high = {**best.cells, board.column("acc"): Cell(0.9999, 0.001, best=True, seeds=1)}
    variant = replace(worst, title=LONG, setting="every_router=True", cells=high)
    of_worst = board.shown[board.shown["baseline"] == worst.baseline]
    complete = replace(
        board,
        entries=[variant, best, worst],
        shown=pd.concat([board.shown, of_worst.assign(setting=variant.setting)]),
    )
    text = shown(board, complete, colours=True)
    places = [text.index(words) for words in (best.title, "Variants", "every_router", "99.99")]
    assert places == sorted(places)
    assert "\x1b[1m99.99" not in text  # what is best is said of the others
    assert "Variants" not in shown(board)


def test_what_did_not_finish_has_a_row_that_says_so(board: Leaderboard) -> None:
    lines = shown(replace(board, diverged={"SI": 2}, failed={"EWC (x=1)": 3})).splitlines()
    words = [line.split() for line in lines]
    assert ["SI", "2", "diverged"] in words
    assert ["EWC", "(x=1)", "3", "failed"] in words


@pytest.mark.parametrize("width", [80, 120, 200])
def test_more_columns_are_tables_below_each_other(width: int, either: Leaderboard) -> None:
    usual, every = (shown(either, more=more, width=width) for more in ((), [ALL_COLUMNS]))
    assert max(map(len, every.splitlines())) <= width
    assert "…" not in every
    for column in either.columns(*Section):
        for entry in either.entries:
            if column in entry.cells and column != SECONDS:
                assert entry.text(column) in every
    assert "BWT" in shown(either, more=["bwt"], width=width)
    assert "BWT" not in usual


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
    assert "Paper: quoted, not measured;" in text
