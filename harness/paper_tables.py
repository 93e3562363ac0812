"""`python -m harness.paper_tables`: the paper's Tables 1 to 3, measured beside quoted.

Each table spans several benchmarks and is made from `results/` alone, in seconds, without torch.
Task-aware and task-agnostic accuracy are two tables.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from harness.analysis.leaderboard import ACC_AGNOSTIC, ACC_AWARE, Cell, Leaderboard, leaderboard
from harness.analysis.published import PAPER, QUOTED
from harness.analysis.selection import select
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import PROFILES
from harness.config.suggestions import unknown
from harness.reporting.typesetting import write_pdf
from harness.storage import store

TEMPLATE: Final = Path(__file__).parent / "reporting" / "templates" / "paper_tables.typ"


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


def tidy(results: Path, profile: str) -> pd.DataFrame:
    """Average accuracies after the last task, one row a table, regime, benchmark and method.

    Args:
        results: folder of all results.
        profile: whose runs; only those with the benchmark's own settings are taken.

    Returns:
        Columns table, regime, benchmark, baseline, method (as printed), seeds (0 if it was not
        measured), mean and half_width (of the 95 % interval, shares), quoted and comparable (of the
        publication, "" if it has none).
    """
    rows = []
    for table in TABLES:
        for benchmark in table.benchmarks:
            found = select(store.read(results, benchmark, profile))
            finished = any(record.status == "finished" for record in found.records)
            board = leaderboard(found) if finished else Leaderboard(benchmark, profile)
            rows += [{"table": table.title, **row} for row in _of_benchmark(board)]
    return pd.DataFrame(rows)


def _of_benchmark(board: Leaderboard) -> Iterator[dict[str, Any]]:
    own = [entry for entry in board.entries if not entry.setting]
    quotes = [quoted for quoted in QUOTED if quoted.benchmark == board.benchmark]
    for column in (ACC_AWARE, ACC_AGNOSTIC):
        regime = column.regime
        said = {quoted.method: quoted for quoted in quotes if regime in quoted.regimes}
        measured = {entry.baseline: entry for entry in own}
        for baseline in dict.fromkeys([*measured, *said]):
            entry, quoted = measured.get(baseline), said.get(baseline)
            cell = entry.cells[column] if entry else Cell(float("nan"), float("nan"))
            if pd.isna(cell.mean) and quoted is None:
                continue
            yield {
                "regime": regime,
                "benchmark": board.benchmark,
                "baseline": baseline,
                "method": entry.title if entry else baseline.upper(),
                "seeds": entry.seeds if entry and not pd.isna(cell.mean) else 0,
                "mean": cell.mean,
                "half_width": cell.half_width,
                "quoted": quoted.value if quoted else "",
                "comparable": quoted.comparable if quoted else "",
            }


@dataclass(frozen=True, slots=True)
class Grid:
    """One table of one regime as printed.

    Attributes:
        title: with the regime.
        head: title of each column.
        rows: method, then (measured, quoted) for each benchmark; a quoted number ends with the
            number of its remark in brackets.
        remarks: what quoted numbers can be held against.
    """

    title: str
    head: list[str]
    rows: list[tuple[str, list[tuple[str, str]]]]
    remarks: list[str]


def grids(cells: pd.DataFrame) -> list[Grid]:
    """The tables of `tidy`, methods by their mean rank on the benchmarks that they have."""
    found = []
    for (table, regime), group in cells.groupby(["table", "regime"], sort=False):
        remarks = list(dict.fromkeys(filter(None, group["comparable"])))
        benchmarks = list(dict.fromkeys(group["benchmark"]))
        ranks = group.groupby("benchmark")["mean"].rank(ascending=False, pct=True)
        methods = ranks.groupby(group["baseline"]).mean().sort_values().index
        titles = dict(zip(group["baseline"], group["method"], strict=True))
        titles |= {row.baseline: row.method for row in group[group["seeds"] > 0].itertuples()}
        places: dict[Any, Any] = group.set_index(["baseline", "benchmark"]).to_dict("index")
        rows = [
            (titles[one], [_texts(places.get((one, other)), remarks) for other in benchmarks])
            for one in methods
        ]
        head = [BENCHMARKS[name].title for name in benchmarks]
        found.append(Grid(f"{table}: {regime}", head, rows, remarks))
    return found


def _texts(row: Mapping[str, Any] | None, remarks: Sequence[str]) -> tuple[str, str]:
    if row is None:
        return "", ""
    measured = Cell(row["mean"], row["half_width"]).text(percent=True) if row["seeds"] else ""
    seeds = f" ({row['seeds']})" if measured else ""
    quoted = f"{row['quoted']} [{remarks.index(row['comparable']) + 1}]" if row["quoted"] else ""
    return measured + seeds or "–", quoted


def pdf(cells: pd.DataFrame, profile: str, path: Path) -> None:
    """Write the tables as a PDF."""
    tables = [
        {"title": grid.title, "head": grid.head, "rows": grid.rows, "remarks": grid.remarks}
        for grid in grids(cells)
    ]
    content = {"profile": profile, "paper": PAPER, "tables": tables}
    with tempfile.TemporaryDirectory() as folder:
        write_pdf(TEMPLATE, content, Path(folder), path)


def markdown(cells: pd.DataFrame, profile: str, path: Path) -> None:
    """Write the tables as Markdown, quoted numbers in italics."""
    lines = [f"# Tables of {PAPER}, profile {profile}", ""]
    for grid in grids(cells):
        lines += [f"## {grid.title}", "", "| " + " | ".join(["Method", *grid.head]) + " |"]
        lines += ["| --- |" + " ---: |" * len(grid.head)]
        for method, row in grid.rows:
            texts = [f"{measured} *{quoted}*" if quoted else measured for measured, quoted in row]
            lines.append("| " + " | ".join([method, *texts]) + " |")
        lines += ["", *(f"{n}. {remark}" for n, remark in enumerate(grid.remarks, start=1)), ""]
    path.write_text("\n".join(lines))


def csv(cells: pd.DataFrame, profile: str, path: Path) -> None:
    """Write the cells as they are in `tidy`, with the profile."""
    cells.assign(profile=profile).to_csv(path, index=False)


WRITERS: Final[dict[str, Callable[[pd.DataFrame, str, Path], None]]] = {
    "pdf": pdf,
    "md": markdown,
    "csv": csv,
}


def main(words: Sequence[str]) -> int:
    """Do what the words after the program's name ask; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m harness.paper_tables",
        description="The paper's Tables 1 to 3 from the results on disk, measured beside quoted.",
        epilog="example: python -m harness.paper_tables --format pdf,md",
    )
    add = parser.add_argument
    add("--profile", default="default", metavar="NAME", help=f"one of {', '.join(PROFILES)}")
    add("--format", default="pdf", metavar="A,B", help=f"of {', '.join(WRITERS)} (default: pdf)")
    add("--results", type=Path, default=Path("results"), metavar="DIR", help="default: results")
    add("--reports", type=Path, default=Path("reports"), metavar="DIR", help="default: reports")
    given = parser.parse_args(words)
    formats = given.format.split(",")
    for kind, name, known in [
        ("profile", given.profile, list(PROFILES)),
        *(("format", name, list(WRITERS)) for name in formats),
    ]:
        if name not in known:
            parser.error(unknown(kind, name, known))
    cells = tidy(given.results, given.profile)
    if not cells["seeds"].any():
        command = f"python -m harness.compare --benchmark split_mnist --profile {given.profile}"
        parser.error(f"there is no finished run; make some with: {command}")
    try:
        given.reports.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"cannot write to {given.reports}: {error}; name another folder by --reports")
    stem = "paper_tables" if given.profile == "default" else f"paper_tables-{given.profile}"
    for kind in formats:
        path = given.reports / f"{stem}.{kind}"
        WRITERS[kind](cells, given.profile, path)
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
