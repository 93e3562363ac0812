"""Leaderboards as a terminal shows them: a fixed table a scenario that fits 80 columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from harness.analysis.anchors import TOLERANCE
from harness.analysis.columns import IDENTITY_GIVEN, SECONDS, Cell, Column, cells_of
from harness.analysis.leaderboard import Entry, Leaderboard
from harness.analysis.loose_masks import loose_masks
from harness.analysis.metrics.definition import Section
from harness.analysis.statistics import BEST_NOTE
from harness.analysis.unequal_devices import unequal_devices
from harness.config.scenarios import SCENARIOS
from harness.reporting import protocol

ALL_COLUMNS: Final = "all"
"""In place of the metrics that have a column of their own: every one that was measured."""

_ACC: Final = "ACC: average accuracy (%) after the last task."
_GIVEN: Final = f" {IDENTITY_GIVEN.capitalize()}: by the evaluation alone, at test."
_FAR: Final = "!"
_REST: Final = (
    f"Seconds: mean. Paper: quoted, not measured; {_FAR}: ours differs from it by more than "
    f"{TOLERANCE} points. --columns shows more; all are in the report."
)
_VARIANTS: Final = "Variants, whose settings are not the benchmark's:"

_LEAST: Final = 8
"""Columns of the terminal that the titles of methods have at least, beside the usual numbers."""

_LEAST_BESIDE_MORE: Final = 16
"""Likewise where more numbers are asked for."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the table.

    Attributes:
        title: of the method.
        seeds: their number.
        cells: what was measured; none of seeds that did not finish.
        word: what stands in place of numbers.
        quoted: what the paper prints.
        marked: whether the best are bold. A variant is compared with nothing: what is best is said
            of the methods above it.
    """

    title: str
    seeds: int
    cells: Mapping[Column, Cell] = field(default_factory=dict)
    word: str = ""
    quoted: str = ""
    marked: bool = False

    def text(self, column: Column) -> Text:
        """A cell of one of the columns of numbers."""
        cell = self.cells.get(column)
        if cell is None:
            return Text(self.word if column.metric == "acc" and not column.note else "")
        return Text(column.text(cell), style="bold" if cell.best and self.marked else "")


@dataclass(frozen=True, slots=True)
class _Printed:
    """A column as printed.

    Attributes:
        title: lines above it.
        texts: one for each row.
    """

    title: str
    texts: Sequence[Text]

    @property
    def width(self) -> int:
        """Of its widest line."""
        return max(map(len, [*self.title.split("\n"), *map(str, self.texts)]))


def leaderboard_tables(
    board: Leaderboard,
    complete: Leaderboard | None = None,
    more: Collection[str] = (),
    width: int = 80,
) -> Iterator[Table]:
    """Method, seeds, accuracy, forgetting, the paper's accuracy and seconds, best method first.

    Methods with other settings than the benchmark's stand below the others, whatever they reach.
    Titles of methods are folded, numbers never: columns that do not fit beside each other are
    tables below each other.

    Args:
        board: of methods with the benchmark's own settings (`comparisons.without_variants`).
        complete: of all methods of the same comparison; None where there are no others.
        more: ids of metrics to be shown as well; `ALL_COLUMNS` for every one.
        width: columns of the terminal.
    """
    complete = complete or board
    first = (*board.accuracies, board.column("forgetting"))
    wanted = [
        column
        for column in complete.columns(*Section)
        if (column.metric in more or ALL_COLUMNS in more) and column not in (*first, SECONDS)
    ]
    own = [*_rows(board, board.entries, wanted, marked=True), *_unfinished(board)]
    usual = {(entry.baseline, entry.setting) for entry in board.entries}
    others = [one for one in complete.entries if (one.baseline, one.setting) not in usual]
    ended = {row.title for row in own}
    variants = [
        *_rows(complete, others, wanted, marked=False),
        *(row for row in _unfinished(complete) if row.title not in ended),
    ]
    columns = list(_columns([*own, *variants], first, wanted))
    least = _LEAST_BESIDE_MORE if wanted else _LEAST
    blocks = list(_blocks(columns, width - least))
    for block in blocks:
        table = _empty(block)
        if block is blocks[0]:
            table.title = Text(
                f"{board.benchmark}, profile {board.profile}, {protocol.heading(board)}"
            )
        if block is blocks[-1]:
            table.caption = _caption(board)
        for place, row in enumerate([*own, *variants]):
            if place == len(own):
                table.add_section()
                table.add_row(Text(_VARIANTS, style="italic"))
            table.add_row(Text(row.title), *(column.texts[place] for column in block))
        yield table


def legend(boards: Sequence[Leaderboard]) -> str:
    """What the columns of all tables are, and what is bold."""
    return " ".join([_ACC, protocol.intervals(*boards), BEST_NOTE, _REST])


def _rows(
    board: Leaderboard, entries: Sequence[Entry], wanted: Sequence[Column], *, marked: bool
) -> Iterator[_Row]:
    extra = cells_of(board.shown, wanted)
    for entry in entries:
        cells = {**entry.cells, **extra[entry.baseline, entry.setting]}
        yield _Row(entry.title, entry.seeds, cells, quoted=_quoted(board, entry), marked=marked)


def _unfinished(board: Leaderboard) -> Iterator[_Row]:
    for word, counted in (("diverged", board.diverged), ("failed", board.failed)):
        for title, seeds in counted.items():
            yield _Row(title, seeds, word=word)


def _quoted(board: Leaderboard, entry: Entry) -> str:
    """The paper's accuracy, marked where ours is far from it."""
    quoted = entry.paper(board.scenario)
    if not quoted:
        return ""
    ours = 100 * entry.cells[board.column("acc")].mean
    far = not isnan(ours) and abs(ours - float(quoted.split()[0])) > TOLERANCE
    return f"{quoted} {_FAR if far else ' '}"


def _columns(
    rows: Sequence[_Row], first: Sequence[Column], wanted: Sequence[Column]
) -> Iterator[_Printed]:
    def of(column: Column) -> _Printed:
        return _Printed(column.title.replace(", ", ",\n"), [row.text(column) for row in rows])

    yield _Printed("Seeds", [Text(str(row.seeds)) for row in rows])
    yield from map(of, first)
    if any(row.quoted for row in rows):
        yield _Printed("Paper  ", [Text(row.quoted) for row in rows])
    yield _Printed("Seconds", [_seconds(row) for row in rows])
    yield from map(of, wanted)


def _seconds(row: _Row) -> Text:
    """The mean alone: how much it varies says more of the machine than of the method."""
    cell = row.cells.get(SECONDS)
    return Text(SECONDS.text(Cell(cell.mean, half_width=float("nan"))) if cell else "")


def _blocks(columns: Sequence[_Printed], room: int) -> Iterator[Sequence[_Printed]]:
    """The columns, as many together as there is room for beside the titles of the methods."""
    block: list[_Printed] = []
    for column in columns:
        if block and sum(one.width + 1 for one in [*block, column]) > room:
            yield block
            block = []
        block.append(column)
    yield block


def _caption(board: Leaderboard) -> str:
    given = _GIVEN if len(board.accuracies) > 1 else ""
    return " ".join(
        [
            f"{SCENARIOS[board.scenario].capitalize()}.{given}",
            *loose_masks(board),
            *unequal_devices(board),
        ]
    )


def _empty(block: Sequence[_Printed]) -> Table:
    """A table with a head and no row."""
    table = Table(
        title_justify="left",
        caption_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=0,
    )
    table.add_column("Method", overflow="fold")
    for column in block:
        table.add_column(column.title, justify="right", no_wrap=True)
    return table
