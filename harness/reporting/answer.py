"""The half page that a benchmark's report begins with: what was compared, and what came out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import isnan
from typing import Final

from harness.analysis.columns import Cell, Column
from harness.analysis.differences import Difference, Told, differences
from harness.analysis.leaderboard import Entry, Leaderboard
from harness.analysis.statistics import BEST_NOTE, LEAST_SEEDS
from harness.config.benchmark_registry import benchmarks
from harness.reporting import protocol
from harness.reporting.leading import leading
from harness.reporting.model import Table, Text
from harness.reporting.naming import listed

MOST_COLUMNS: Final = 7
"""Of the first table."""

MOST_NAMED: Final = 7
"""Of the methods that a sentence names one after another; the others are counted."""

SUBJECTS: Final = ("rmn", "rmn_unsupervised")
"""Names of the methods that a report is about: its sentences hold the others against the first."""


def compared(boards: Sequence[Leaderboard], epochs: int) -> str:
    """Sentences that say what was compared: tasks, methods, seeds, scenarios, budget.

    Args:
        boards: one a scenario.
        epochs: of a task, of every method.
    """
    titles = dict.fromkeys(entry.title for board in boards for entry in board.entries)
    seeds = sorted({entry.seeds for board in boards for entry in board.entries})
    number = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    return (
        f"{benchmarks()[boards[0].benchmark].summary} {listed(titles)}: {number} "
        f"seed{'s' if seeds[-1] > 1 else ''} of each, {epochs} epoch{'s' if epochs > 1 else ''} a "
        f"task, in {listed(one.scenario for one in boards)}."
    )


def finding(board: Leaderboard) -> str:
    """A sentence on one scenario: the report's subject against every other method.

    Without a subject, the best method is held against the others. A difference is one that a
    paired t-test over the seeds shows (Holm's correction for the number of methods).

    Args:
        board: without variants.
    """
    column = board.column("acc")
    named = [entry for entry in board.entries if entry.baseline in SUBJECTS]
    first = (named or board.entries)[0]
    found = differences(board, first, column)
    quoted = first.paper(board.scenario)
    parts = [
        f"in {board.scenario}, {first.title} has {_number(first.cells[column])}"
        + (f" (the paper prints {quoted})" if quoted else "")
        + _forgets(board, first)
    ]
    for told, words in _WORDS.items():
        these = [one for one in found if one.told is told and not isnan(one.mean)]
        if these:
            parts.append(words.format(listed(_named(these, column)), seeds=_least(these)))
    return _sentence("; ".join(parts))


_WORDS: Final = {
    Told.HIGHER: "higher: {}",
    Told.NOT: "{}: no difference that {seeds} seeds show among so many methods",
    Told.LOWER: "lower: {}",
    Told.UNTESTED: f"{{}}: fewer than {LEAST_SEEDS} seeds in common, nothing is said",
}


def answer_table(boards: Sequence[Leaderboard]) -> Table:
    """The methods with their accuracy in each scenario, and more where seven columns hold it.

    A column is of one scenario, which its title names. Of many methods the leading ones are there.

    Args:
        boards: one a scenario, without variants; the methods are in the order of the first.
    """
    columns: list[tuple[str, Leaderboard, str]] = []
    quoting = [one for one in boards if any(entry.paper(one.scenario) for entry in one.entries)]
    room = MOST_COLUMNS - 2 - len(boards) - bool(quoting)
    for number, board in enumerate(boards):
        columns.append((f"ACC, {board.scenario}", board, "acc"))
        if number < room:
            columns.append((f"Forgetting, {board.scenario}", board, "forgetting"))
    entries = [{entry.baseline: entry for entry in board.entries} for board in boards]
    every = {name for each in entries for name in each}
    rows = []
    for name in leading(boards):
        mine = [each[name] for each in entries if name in each]
        seeds = sorted({entry.seeds for entry in mine})
        row = [Text(mine[0].title), Text("–".join(map(str, seeds)))]
        for _, board, metric in columns:
            entry = entries[list(boards).index(board)].get(name)
            row.append(_cell(entry, board.column(metric)))
        if quoting:
            quoted = entries[list(boards).index(quoting[0])].get(name)
            row.append(Text("", quoted=quoted.paper(quoting[0].scenario) if quoted else ""))
        rows.append(row)
    head = ["Method", "Seeds", *(title for title, _, _ in columns)]
    if quoting:
        head.append(f"Paper, {quoting[0].scenario}")
    told = [
        f"{title}: {seeds} seeds diverged in {board.scenario}."
        for board in boards
        for title, seeds in board.diverged.items()
    ]
    summary = " ".join(
        [
            "Average accuracy after the last task and forgetting (%).",
            protocol.intervals(*boards),
            BEST_NOTE,
            *(["Paper: quoted, from its own network and budget."] if quoting else []),
            *([f"{len(rows)} of {len(every)} methods."] if len(rows) < len(every) else []),
            *told,
        ]
    )
    return Table("", head, rows, summary=summary)


def _cell(entry: Entry | None, column: Column) -> Text:
    if entry is None:
        return Text("")
    return Text(entry.text(column), entry.cells[column].best)


def _named(found: Sequence[Difference], column: Column) -> list[str]:
    """Methods with their numbers, the best first; of many, the last are summed up."""
    cells = [one.entry.cells[column] for one in found]
    named = [f"{one.entry.title} {_number(cell)}" for one, cell in zip(found, cells, strict=True)]
    if len(named) <= MOST_NAMED:
        return named
    rest = sorted(cell.mean * 100 for cell in cells[MOST_NAMED - 1 :])
    return [*named[: MOST_NAMED - 1], f"{len(rest)} others ({rest[0]:.2f} to {rest[-1]:.2f})"]


def _number(cell: Cell) -> str:
    return cell.text(percent=True).replace(" ± ", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}")


def _forgets(board: Leaderboard, entry: Entry) -> str:
    cell = entry.cells[board.column("forgetting")]
    return "" if isnan(cell.mean) else f" and forgets {_number(cell)} points"


def _least(found: Collection[Difference]) -> int:
    return min(one.seeds for one in found)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
