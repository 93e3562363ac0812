"""The numbers of the paper's Tables 1 to 3, measured beside quoted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from harness.analysis.leaderboard import ACC_AGNOSTIC, ACC_TASK_IL, Cell, Leaderboard, leaderboard
from harness.analysis.published import QUOTED
from harness.analysis.selection import select
from harness.storage import store


@dataclass(frozen=True, slots=True)
class PaperTable:
    """A table of the paper.

    Attributes:
        title: as printed.
        benchmarks: its columns, and beside a shared output layer's the form with one per task.
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
            "split_omniglot_heads",
            "split_cifar100_20",
            "split_cifar100_20_heads",
            "split_cifar100",
            "split_cifar100_heads",
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
        Their table has the columns table, scenario, benchmark, baseline, method (as printed), seeds
        (0 if it was not measured), mean and half_width (of the 95 % interval, shares), quoted and
        comparable (of the publication, "" if it has none).
    """
    rows: list[dict[str, Any]] = []
    damaged: dict[Path, str] = {}
    for table in TABLES:
        for benchmark in table.benchmarks:
            found = select(store.read(results, benchmark, profile))
            damaged |= found.damaged
            finished = any(record.status == "finished" for record in found.records)
            board = leaderboard(found) if finished else Leaderboard(benchmark, profile)
            rows += [{"table": table.title, **row} for row in _of_benchmark(board)]
    return PaperCells(pd.DataFrame(rows), damaged)


def _of_benchmark(board: Leaderboard) -> Iterator[dict[str, Any]]:
    own = [entry for entry in board.entries if not entry.setting]
    quotes = [quoted for quoted in QUOTED if quoted.benchmark == board.benchmark]
    for column in (ACC_TASK_IL, ACC_AGNOSTIC):
        scenario = column.scenario
        said = {quoted.method: quoted for quoted in quotes if scenario in quoted.scenarios}
        measured = {entry.baseline: entry for entry in own}
        for baseline in dict.fromkeys([*measured, *said]):
            entry, quoted = measured.get(baseline), said.get(baseline)
            cell = entry.cells[column] if entry else Cell(float("nan"), float("nan"))
            if pd.isna(cell.mean) and quoted is None:
                continue
            yield {
                "scenario": scenario,
                "benchmark": board.benchmark,
                "baseline": baseline,
                "method": entry.title if entry else baseline.upper(),
                "seeds": entry.seeds if entry and not pd.isna(cell.mean) else 0,
                "mean": cell.mean,
                "half_width": cell.half_width,
                "quoted": quoted.value if quoted else "",
                "comparable": quoted.comparable if quoted else "",
            }
