"""The leaderboard of all benchmarks: a table a scenario, methods in rows, benchmarks in columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pandas as pd

from harness.analysis.leaderboard import Cell, NoFinishedRunError
from harness.analysis.standings import standings
from harness.analysis.statistics import BEST_NOTE, interval_note
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import DEFAULT
from harness.config.scenarios import SCENARIOS
from harness.reporting.model import Report, Table, Text

TEMPLATE: Final = Path(__file__).parent / "templates" / "tables.typ"

_NEEDS: Final = "Needs"


def leaderboard_report(results: Path, profile: str) -> Report:
    """The report that sums up those of all benchmarks under a profile.

    Args:
        results: folder of all results.
        profile: whose runs; only those with the benchmark's own settings are taken.

    Raises:
        NoFinishedRunError: there is no finished run.
    """
    found = standings(results, profile)
    if found.table.empty:
        raise NoFinishedRunError("there is no finished run")
    tables = [
        _table(scenario, group)
        for scenario in SCENARIOS
        for group in [found.table[found.table["scenario"] == scenario]]
        if len(group)
    ]
    title = f"Leaderboard, profile {profile}"
    lead = [
        "Average accuracy after the last task (%) of each method on each benchmark, with the "
        f"benchmark's own settings. {_intervals(found.table)} {BEST_NOTE} Methods stand in the "
        "order of their mean rank on the benchmarks that they were measured on, which is no "
        "result: methods were measured on different ones."
    ]
    benchmarks = dict.fromkeys(found.table["benchmark"])
    return Report(
        stem=_stem("index", profile),
        title=title,
        tables=tables,
        data=found.table.assign(profile=profile),
        template=TEMPLATE,
        content={"title": title, "lead": lead, "tables": [_plain(table) for table in tables]},
        lead=lead,
        parts={_stem(name, profile): BENCHMARKS[name].title for name in benchmarks},
        damaged=found.damaged,
    )


def _table(scenario: str, group: pd.DataFrame) -> Table:
    """The standings of one scenario."""
    benchmarks = list(dict.fromkeys(group["benchmark"]))
    ranks = group.groupby("benchmark")["mean"].rank(ascending=False, pct=True)
    methods = ranks.groupby(group["baseline"]).mean().sort_values(kind="stable").index
    titles = dict(zip(group["baseline"], group["method"], strict=True))
    needs = group.groupby("baseline")["needs"].agg(lambda texts: "; ".join(dict.fromkeys(texts)))
    places: dict[Any, Any] = group.set_index(["baseline", "benchmark"]).to_dict("index")
    rows = [
        [
            Text(titles[method]),
            *(_text(places.get((method, benchmark))) for benchmark in benchmarks),
            Text(str(needs[method]) or "–"),
        ]
        for method in methods
    ]
    head = ["Method", *(BENCHMARKS[name].title for name in benchmarks), _NEEDS]
    left = frozenset({0, len(head) - 1})
    return Table(scenario, head, rows, left, summary=f"{SCENARIOS[scenario].capitalize()}.")


def _text(row: Mapping[str, Any] | None) -> Text:
    if row is None:
        return Text("–")
    cell = Cell(row["mean"], row["half_width"], row["best"], row["seeds"])
    number, seeds = cell.text(percent=True), f"(n={cell.seeds})"
    text = number if number.endswith(seeds) else f"{number} {seeds}"
    return Text(text, cell.best, value=cell.mean)


def _plain(table: Table) -> dict[str, Any]:
    """As the template reads it."""
    return {**asdict(table), "left": sorted(table.left)}


def _intervals(table: pd.DataFrame) -> str:
    note = interval_note(list(table["seeds"]))
    return f"{note[0].upper()}{note[1:]}; n alone where it is wider than the scale."


def _stem(name: str, profile: str) -> str:
    return name if profile == DEFAULT else f"{name}-{profile}"
