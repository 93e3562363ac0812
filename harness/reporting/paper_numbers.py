"""The paper's Tables 1 to 3 as tables of texts: measured beside quoted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from harness.analysis.columns import Cell
from harness.analysis.standings import by_wins
from harness.config.benchmarks import BENCHMARKS
from harness.reporting.model import Table, Text


def paper_numbers(cells: pd.DataFrame) -> Iterator[Table]:
    """With the identity and without; methods by the comparisons they win (`by_wins`).

    A table in which nothing was measured and nothing is quoted is left out.

    Args:
        cells: of `harness.analysis.paper_tables.paper_cells`.
    """
    for (name, identity), group in cells.groupby(["table", "identity"], sort=False):
        if not group["seeds"].any() and not group["quoted"].any():
            continue
        remarks = list(dict.fromkeys(filter(None, group["comparable"])))
        benchmarks = list(dict.fromkeys(group["benchmark"]))
        titles = dict(zip(group["baseline"], group["method"], strict=True))
        titles |= {row.baseline: row.method for row in group[group["seeds"] > 0].itertuples()}
        places: dict[Any, Any] = group.set_index(["baseline", "benchmark"]).to_dict("index")
        rows = [
            [Text(titles[one]), *(_text(places.get((one, other)), remarks) for other in benchmarks)]
            for one in by_wins(group)
        ]
        scenarios = dict(zip(group["benchmark"], group["scenario"], strict=True))
        head = [f"{BENCHMARKS[name].title}, {scenarios[name]}" for name in benchmarks]
        title = f"{name}: {identity}"
        yield Table(title, ["Method", *head], rows, notes=remarks, summary=_caption(title))


def _caption(title: str) -> str:
    return (
        f"{title}. ACC (%): measured here, mean ± half of the 95 % Student interval over n seeds; "
        "quoted from the paper, ± the standard deviation over its trials where it prints one, with "
        "the number of its remark, which is of the quoted number alone. Empty: neither measured "
        "nor printed."
    )


def _text(row: Mapping[str, Any] | None, remarks: Sequence[str]) -> Text:
    """What was measured with the number of seeds, and what is quoted with that of its remark."""
    if row is None:
        return Text("")
    cell = Cell(row["mean"], row["half_width"], seeds=row["seeds"])
    measured = cell.text_with_seeds(percent=True)
    quoted = f"{row['quoted']} [{remarks.index(row['comparable']) + 1}]" if row["quoted"] else ""
    return Text(measured, quoted=quoted)
