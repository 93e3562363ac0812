"""The section of one scenario in a benchmark's report: its rules and its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import Final

from harness.analysis.columns import cells_of
from harness.analysis.leaderboard import Leaderboard
from harness.analysis.metrics.definition import Section
from harness.analysis.published import PAPER, QUOTED, titled
from harness.config.scenarios import TASK_IL
from harness.reporting import protocol
from harness.reporting.inference_table import inference_table
from harness.reporting.leading import left_out
from harness.reporting.model import Table, Text
from harness.reporting.naming import listed

_PARTS: Final[tuple[tuple[tuple[Section, ...], str], ...]] = (
    (
        (Section.ACCURACY, Section.INFERENCE, Section.TRANSFER),
        "Accuracy, forgetting, transfer, and accuracy when learned (%).",
    ),
    (
        (Section.SWITCHES,),
        "Task switches noticed: precision, recall and F1 (%), delay of right claims, false alarms, "
        "masks begun for each task. Only methods that look for tasks by themselves are here.",
    ),
    (
        (Section.NOVELTY, Section.DEGRADATION),
        "Old told from new by the network's confidence (the default rule; max-logit for methods "
        "without masks): a useless score has AUROC 50 and FPR 95. Degradation: accuracy lost "
        "against the same method with task labels, the same budget and settings, in %; RMN without "
        "labels against RMN.",
    ),
    (
        (Section.TOGETHER,),
        "Task inference when several test examples are known to be of one task (%). Above, each "
        "example of the shuffled test data stands alone.",
    ),
    (
        (Section.MASKS, Section.COSTS),
        "Masks (%), extra memory (bytes; examples), time (s; on the machines of the provenance).",
    ),
)


@dataclass(frozen=True, slots=True)
class ScenarioSection:
    """A section of a report.

    Attributes:
        name: the scenario.
        title: with the factors (`harness.analysis.comparisons`) that are not its own.
        main: whether they are its own.
        rules: sentences that say what methods were asked and given.
        tables: in the order of the pages.
        quoted: a sentence with what the paper prints for methods that were not measured; "" for
            nothing.
    """

    name: str
    title: str
    main: bool
    rules: str
    tables: Sequence[Table]
    quoted: str


def section(board: Leaderboard, shown: Leaderboard) -> ScenarioSection:
    """The section of one comparison.

    Args:
        board: without variants.
        shown: the same with the methods that all tables but the first are of.
    """
    first, *others = _PARTS
    tables = [_part(board, *first)]
    main = not board.factors
    if main:
        tables += [_part(shown, *one) for one in others]
        tables += filter(None, [inference_table(shown)])
    return ScenarioSection(
        board.scenario,
        protocol.heading(board),
        main,
        " ".join(filter(None, [protocol.rules(board), left_out(board, shown) if main else ""])),
        [table for table in tables if table.rows],
        _quoted(board) if main else "",
    )


def _part(board: Leaderboard, sections: Sequence[Section], caption: str) -> Table:
    """A table of some sections; methods and columns without any number are left out."""
    columns = board.columns(*sections)
    cells = cells_of(board.shown, columns)
    accuracy = board.column("acc") in columns
    inferred = accuracy and board.scenario != TASK_IL
    rows = []
    for entry in board.entries:
        mine = cells[(entry.baseline, entry.setting)]
        if all(isnan(cell.mean) for cell in mine.values()):
            continue
        row = [Text(entry.title), Text(str(entry.seeds))]
        row += [Text(column.text(cell), cell.best) for column, cell in mine.items()]
        rows.append([*row, Text(entry.rule)] if inferred else row)
    for title, seeds in board.diverged.items() if accuracy else ():
        texts = [title, str(seeds), "diverged", *[""] * (len(columns) - 1 + inferred)]
        rows.append([Text(text) for text in texts])
    head = ["Method", "Seeds", *(column.title for column in columns)]
    return Table(
        protocol.heading(board),
        [*head, "Task inferred by"] if inferred else head,
        rows,
        frozenset({0, len(head)} if inferred else {0}),
        summary=f"{protocol.heading(board)}. {caption} {protocol.intervals(board)}",
    )


def _quoted(board: Leaderboard) -> str:
    """What the paper prints of other methods for the same benchmark and scenario."""
    measured = {entry.baseline for entry in board.entries}
    others = [
        f"{titled(quoted.method)} {quoted.value} ({quoted.comparable})"
        for quoted in QUOTED
        if quoted.benchmark == board.benchmark and board.scenario in quoted.scenarios
        if quoted.method not in measured
    ]
    if not others:
        return ""
    return f"Not measured here, quoted from {PAPER}: {listed(others)}."
