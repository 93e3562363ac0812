"""The paper's Tables 1 to 3 as a report, each with the task identity given and without.

Supplement Table 1, of what methods give up, comes after them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from harness.analysis.conditions import CONDITIONS, observed_conditions
from harness.analysis.leaderboard import Cell
from harness.analysis.paper_tables import paper_cells
from harness.analysis.published import PAPER
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import DEFAULT
from harness.config.scenarios import SCENARIOS
from harness.reporting.model import Report, Table, Text

CONDITIONS_SEEN_ON: Final = "split_mnist"
"""The benchmark whose runs say what each method gives up."""

TEMPLATE: Final = Path(__file__).parent / "templates" / "paper_tables.typ"


class NoMeasuredCellError(ValueError):
    """There is no finished run of any benchmark of the tables."""


def paper_report(results: Path, profile: str) -> Report:
    """The report of the paper's tables.

    Args:
        results: folder of all results.
        profile: whose runs; only those with the benchmark's own settings are taken.

    Raises:
        NoMeasuredCellError: nothing was measured.
    """
    found = paper_cells(results, profile)
    cells = found.table
    if not cells["seeds"].any():
        raise NoMeasuredCellError("there is no finished run")
    tables = [*_tables(cells), *_conditions(results, profile)]
    content = {
        "profile": profile,
        "paper": PAPER,
        "scenarios": SCENARIOS,
        "tables": [
            {
                "title": table.title,
                "head": table.head[1:],
                "rows": [
                    (method.text, [(cell.text, cell.quoted) for cell in row])
                    for method, *row in table.rows
                ],
                "remarks": table.notes,
            }
            for table in tables
        ],
    }
    return Report(
        stem="paper_tables" if profile == DEFAULT else f"paper_tables-{profile}",
        title=f"Tables of {PAPER}, profile {profile}",
        tables=tables,
        data=cells.assign(profile=profile),
        template=TEMPLATE,
        content=content,
        damaged=found.damaged,
    )


def _tables(cells: pd.DataFrame) -> Iterator[Table]:
    """With the identity and without; methods by their mean rank on the benchmarks they have.

    That is an order of rows and no result: methods have ranks on different benchmarks.
    """
    for (name, identity), group in cells.groupby(["table", "identity"], sort=False):
        remarks = list(dict.fromkeys(filter(None, group["comparable"])))
        benchmarks = list(dict.fromkeys(group["benchmark"]))
        ranks = group.groupby("benchmark")["mean"].rank(ascending=False, pct=True)
        methods = ranks.groupby(group["baseline"]).mean().sort_values().index
        titles = dict(zip(group["baseline"], group["method"], strict=True))
        titles |= {row.baseline: row.method for row in group[group["seeds"] > 0].itertuples()}
        places: dict[Any, Any] = group.set_index(["baseline", "benchmark"]).to_dict("index")
        rows = [
            [Text(titles[one]), *(_text(places.get((one, other)), remarks) for other in benchmarks)]
            for one in methods
        ]
        scenarios = dict(zip(group["benchmark"], group["scenario"], strict=True))
        head = [f"{BENCHMARKS[name].title}, {scenarios[name]}" for name in benchmarks]
        yield Table(f"{name}: {identity}", ["Method", *head], rows, notes=remarks)


def _conditions(results: Path, profile: str) -> Iterator[Table]:
    """Supplement Table 1, if any run has counted what it is about.

    Args:
        results: folder of all results.
        profile: whose runs.
    """
    found = observed_conditions(results, CONDITIONS_SEEN_ON, profile)
    if found.empty:
        return
    rows = []
    for _, group in found.groupby("baseline", sort=False):
        cells = [
            Text((one["observed"] or "–") + (" ≠" if one["differs"] else ""), quoted=one["quoted"])
            for one in group.to_dict("records")
        ]
        rows.append([Text(group["method"].iloc[0]), *cells])
    yield Table(
        "Supplement Table 1. Conditions of strict continual learning that are given up: seen in "
        f"runs on {BENCHMARKS[CONDITIONS_SEEN_ON].title} without the task identity",
        ["Method", *(condition.title for condition in CONDITIONS)],
        rows,
        notes=[
            "≠ marks what was seen otherwise than the paper prints it; an asterisk is the paper's "
            '"exceptions exist"',
            *(f"{condition.title}: {condition.seen_by}" for condition in CONDITIONS),
        ],
    )


def _text(row: Mapping[str, Any] | None, remarks: Sequence[str]) -> Text:
    """What was measured with the number of seeds, and what is quoted with that of its remark."""
    if row is None:
        return Text("")
    cell = Cell(row["mean"], row["half_width"], seeds=row["seeds"])
    number, seeds = cell.text(percent=True), f"(n={cell.seeds})"
    measured = number if not cell.seeds or number.endswith(seeds) else f"{number} {seeds}"
    quoted = f"{row['quoted']} [{remarks.index(row['comparable']) + 1}]" if row["quoted"] else ""
    return Text(measured, quoted=quoted)
