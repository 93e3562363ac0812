"""The numbers of the paper's Tables 1 to 3, measured beside quoted, each table in two forms.

What the paper prints of other methods was measured with the identity, so that its numbers can be
held against task-il. Its text claims RMN's without the identity: that is another table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any, Final

import pandas as pd

from harness.analysis.comparisons import comparisons
from harness.analysis.leaderboard import Cell, Leaderboard, leaderboard
from harness.analysis.published import QUOTED
from harness.analysis.selection import select
from harness.config.benchmarks import BENCHMARKS
from harness.config.scenarios import TASK_IL, scenarios_of
from harness.storage import store


@dataclass(frozen=True, slots=True)
class PaperTable:
    """A table of the paper.

    Attributes:
        title: as printed.
        benchmarks: its columns.
    """

    title: str
    benchmarks: tuple[str, ...]


TABLES: Final = (
    PaperTable(
        "Table 1. Sequential tasks with labels",
        (
            "permuted_mnist",
            "split_mnist",
            "split_omniglot",
            "split_cifar100_20",
            "split_cifar100",
        ),
    ),
    PaperTable(
        "Table 2. Without task labels",
        (
            "permuted_mnist_unsupervised",
            "split_mnist_unsupervised",
            "split_omniglot_unsupervised",
        ),
    ),
    PaperTable("Table 3. Without labels or borders", ("split_mnist_fuzzy",)),
)

IDENTITY: Final = {
    True: "task identity given at test",
    False: "no task identity at test",
}
"""What the two forms of a table are called, by whether the identity is given."""


@dataclass(frozen=True, slots=True)
class PaperCells:
    """The numbers of all tables.

    Attributes:
        table: one row a table, scenario, benchmark and method; see `paper_cells`.
        damaged: folders and files that could not be read, with the reason.
    """

    table: pd.DataFrame
    damaged: Mapping[Path, str]


def paper_cells(results: Path, profile: str) -> PaperCells:
    """Average accuracies after the last task, one row a table, scenario, benchmark and method.

    Args:
        results: folder of all results.
        profile: whose runs; only those with the benchmark's own settings are taken.

    Returns:
        Their table has the columns table, identity (one of `IDENTITY`), scenario, benchmark,
        baseline, method (as printed), seeds (0 if it was not measured), mean and half_width (of the
        95 % interval, shares), quoted and comparable (of the publication, "" if it has none).
    """
    rows: list[dict[str, Any]] = []
    damaged: dict[Path, str] = {}
    for table in TABLES:
        for benchmark in table.benchmarks:
            found = select(store.read(results, benchmark, profile))
            damaged |= found.damaged
            boards = [leaderboard(one) for one in comparisons(found) if not one.factors]
            for scenario in (TASK_IL, scenarios_of(BENCHMARKS[benchmark])[-1]):
                measured = _measured(boards, scenario)
                title = {"table": table.title, "identity": IDENTITY[scenario == TASK_IL]}
                rows += [{**title, **row} for row in _with_quotes(measured, benchmark, scenario)]
    return PaperCells(pd.DataFrame(rows), damaged)


def _measured(boards: Iterable[Leaderboard], scenario: str) -> dict[str, tuple[str, Cell]]:
    """Title and accuracy under a scenario of each method that was measured, by its name.

    Runs without task labels are measured with the identity given at test too.
    """
    return {
        entry.baseline: (entry.title, entry.cells[column])
        for board in boards
        for column in board.accuracies
        if column.scenario == scenario
        for entry in board.entries
        if not entry.setting and not isnan(entry.cells[column].mean)
    }


def _with_quotes(
    measured: Mapping[str, tuple[str, Cell]], benchmark: str, scenario: str
) -> Iterator[dict[str, Any]]:
    """A row for each method that was measured or is quoted."""
    quotes = [quoted for quoted in QUOTED if quoted.benchmark == benchmark]
    said = {quoted.method: quoted for quoted in quotes if scenario in quoted.scenarios}
    for baseline in dict.fromkeys([*measured, *said]):
        quoted = said.get(baseline)
        title, cell = measured.get(baseline, (baseline.upper(), Cell(float("nan"), float("nan"))))
        yield {
            "scenario": scenario,
            "benchmark": benchmark,
            "baseline": baseline,
            "method": title,
            "seeds": cell.seeds,
            "mean": cell.mean,
            "half_width": cell.half_width,
            "quoted": quoted.value if quoted else "",
            "comparable": quoted.comparable if quoted else "",
        }
