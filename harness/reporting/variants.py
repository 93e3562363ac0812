"""Settings other than the benchmark's own: a section apart, each beside what it is a variant of."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from harness.analysis.columns import Cell
from harness.analysis.differences import by_seed, paired
from harness.analysis.leaderboard import Entry, Leaderboard
from harness.analysis.statistics import half_width
from harness.reporting import protocol
from harness.reporting.model import Table, Text


def with_variants(board: Leaderboard) -> bool:
    """Whether a leaderboard has a method with other settings than its benchmark's own."""
    return any(entry.variant for entry in board.entries)


def variant_tables(boards: Sequence[Leaderboard]) -> list[Table]:
    """A table for each comparison that has variants.

    Args:
        boards: with their variants.
    """
    return [_table(board) for board in boards if with_variants(board)]


def _table(board: Leaderboard) -> Table:
    own = {entry.baseline: entry for entry in board.entries if not entry.variant}
    varied = [entry for entry in board.entries if entry.variant]
    rows = []
    for name in dict.fromkeys(entry.baseline for entry in varied):
        mine = [entry for entry in varied if entry.baseline == name]
        beside = [own[name]] if name in own else []
        rows += [_row(board, entry, own.get(name)) for entry in [*beside, *mine]]
    head = ["Method", "Settings", "Seeds", "ACC", "Difference", "Forgetting"]
    summary = (
        f"{protocol.heading(board)}. Variants, each below the same method with its benchmark's own "
        "settings (%). Difference: paired by the seeds that both have. No test was made: variants "
        f"were not chosen before they were seen. {protocol.intervals(board)}"
    )
    return Table("Variants", head, rows, frozenset({0, 1}), summary=summary)


def _row(board: Leaderboard, entry: Entry, own: Entry | None) -> list[Text]:
    accuracy, forgetting = board.column("acc"), board.column("forgetting")
    title = entry.title.removesuffix(f" ({entry.variant})") if entry.variant else entry.title
    texts = [title, entry.variant or "its own", str(entry.seeds), entry.text(accuracy)]
    return [Text(text) for text in (*texts, _difference(board, entry, own), entry.text(forgetting))]


def _difference(board: Leaderboard, entry: Entry, own: Entry | None) -> str:
    if own is None or own is entry:
        return ""
    column = board.column("acc")
    each = paired(by_seed(board, entry, column), by_seed(board, own, column))
    if not len(each):
        return "–"
    text = Cell(float(each.mean()), half_width(each), seeds=len(each)).text(percent=True)
    return text if isnan(each.mean()) or each.mean() < 0 else f"+{text}"
