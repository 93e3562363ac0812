"""The leaderboard of all benchmarks: a table a scenario, methods in rows, benchmarks in columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pandas as pd

from harness.analysis.columns import Cell
from harness.analysis.leaderboard import NoFinishedRunError
from harness.analysis.standings import NEEDS_JOINED_BY, ORDER_NOTE, Standings, by_wins
from harness.analysis.statistics import BEST_NOTE
from harness.config.benchmark_registry import benchmarks
from harness.config.scenarios import SCENARIOS
from harness.reporting import protocol
from harness.reporting.model import Report, Table, Text
from harness.reporting.naming import said, stem

TEMPLATE: Final = Path(__file__).parent / "templates" / "tables.typ"

_NEEDS: Final = "Needs"


def leaderboard_report(found: Standings) -> Report:
    """The report that sums up those of all benchmarks.

    Args:
        found: what was measured.

    Raises:
        NoFinishedRunError: there is no finished run with a benchmark's own settings.
    """
    if found.table.empty:
        raise NoFinishedRunError(
            f"there is no finished run with a benchmark's own settings{said(found.asked)}",
            found.damaged,
        )
    tables = scenario_tables(found.table)
    title = f"Leaderboard, profile {found.profile}{said(found.asked)}"
    intervals = protocol.intervals_over(found.table["seeds"])
    lead = [
        "Average accuracy after the last task (%) of each method on each benchmark, with the "
        f"benchmark's own settings. {intervals} {BEST_NOTE} {ORDER_NOTE}"
    ]
    if found.diverged:
        lead.append(f"Diverged, and in no mean: {', '.join(_ended(found.diverged))}.")
    known = benchmarks()
    return Report(
        stem=stem("index", found.profile, found.asked),
        title=title,
        tables=tables,
        data=found.table.assign(profile=found.profile),
        template=TEMPLATE,
        content={"title": title, "lead": lead, "tables": [_plain(table) for table in tables]},
        lead=lead,
        parts={
            stem(name, found.profile, shown): known[name].title
            for name, shown in found.shown.items()
        },
        damaged=found.damaged,
    )


def _ended(diverged: Mapping[tuple[str, str, str], int]) -> Iterator[str]:
    for (method, benchmark, scenario), seeds in diverged.items():
        counted = "1 seed" if seeds == 1 else f"{seeds} seeds"
        yield f"{counted} of {method} on {benchmark} in {scenario}"


def scenario_tables(standings: pd.DataFrame) -> list[Table]:
    """A table for each scenario that there are standings of: methods in rows, needs last.

    Args:
        standings: with the columns `harness.analysis.standings.COLUMNS`.
    """
    groups = {name: standings[standings["scenario"] == name] for name in SCENARIOS}
    return [_table(scenario, group) for scenario, group in groups.items() if len(group)]


def _table(scenario: str, group: pd.DataFrame) -> Table:
    """The standings of one scenario."""
    columns = list(dict.fromkeys(group["benchmark"]))
    known = benchmarks()
    titles = dict(zip(group["baseline"], group["method"], strict=True))
    needs = {str(method): _shares(texts) for method, texts in group.groupby("baseline")["needs"]}
    common = _of_all(needs.values())
    places: dict[Any, Any] = group.set_index(["baseline", "benchmark"]).to_dict("index")
    rows = [
        [
            Text(titles[method]),
            *(_text(places.get((method, benchmark))) for benchmark in columns),
            Text(_listed(needs[method], but=common)),
        ]
        for method in by_wins(group)
    ]
    head = ["Method", *(known[name].title for name in columns), _NEEDS]
    left = frozenset({0, len(head) - 1})
    asked = f"{SCENARIOS[scenario].capitalize()}."
    given = f" Common to all methods here, and in no row: {', '.join(common)}." if common else ""
    return Table(scenario, head, rows, left, summary=f"{asked}{given}")


def _shares(texts: pd.Series[str]) -> dict[str, float]:
    """Each need with the share of the benchmarks on which the method has it."""
    needs = Counter(need for text in texts for need in filter(None, text.split(NEEDS_JOINED_BY)))
    return {need: number / len(texts) for need, number in needs.items()}


def _of_all(needs: Collection[Mapping[str, float]]) -> list[str]:
    """What every method needs on every benchmark; nothing of a single method."""
    [first, *others] = needs
    always = [need for need, share in first.items() if share == 1]
    return [n for n in always if others and all(other.get(n) == 1 for other in others)]


def _listed(needs: Mapping[str, float], but: Collection[str]) -> str:
    """In words, but for what is said elsewhere."""
    texts = [
        need if share == 1 else f"{need} (on some)"
        for need, share in needs.items()
        if need not in but
    ]
    return ", ".join(texts) or "–"


def _text(row: Mapping[str, Any] | None) -> Text:
    if row is None:
        return Text("–")
    cell = Cell(row["mean"], row["half_width"], row["best"], row["seeds"])
    return Text(cell.text_with_seeds(percent=True), cell.best)


def _plain(table: Table) -> dict[str, Any]:
    """As the template reads it."""
    return {**asdict(table), "left": sorted(table.left)}
