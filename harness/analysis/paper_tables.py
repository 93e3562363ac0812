"""The numbers of the paper's Tables 1 to 3, measured beside quoted, each table in two forms.

What the paper prints of other methods was measured with the identity, so that its numbers can be
held against task-il. Its text claims RMN's without the identity: that is another table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import isnan
from typing import Any, Final

import pandas as pd

from harness.analysis.claims.evidence import Evidence
from harness.analysis.columns import Cell
from harness.analysis.leaderboard import Leaderboard
from harness.analysis.published import QUOTED, TABLES, titled
from harness.config.benchmarks import BENCHMARKS
from harness.config.scenarios import TASK_IL, scenarios_of

IDENTITY: Final = {
    True: "task identity given at test",
    False: "no task identity at test",
}
"""What the two forms of a table are called, by whether the identity is given."""


def paper_cells(evidence: Evidence) -> pd.DataFrame:
    """Average accuracies after the last task, one row a table, scenario, benchmark and method.

    Args:
        evidence: what is stored; only runs with the benchmark's own settings are taken.

    Returns:
        The columns table, identity (one of `IDENTITY`), scenario, benchmark, baseline, method (as
        printed), seeds (0 if it was not measured), mean and half_width (of the 95 % interval,
        shares), quoted and comparable (of the publication, "" if it has none).
    """
    rows: list[dict[str, Any]] = []
    for table in TABLES:
        for benchmark in table.benchmarks:
            places = evidence.compared.items()
            boards = [place.board for (name, _), place in places if name == benchmark]
            for scenario in (TASK_IL, scenarios_of(BENCHMARKS[benchmark])[-1]):
                measured = _measured(boards, scenario)
                title = {"table": table.title, "identity": IDENTITY[scenario == TASK_IL]}
                rows += [{**title, **row} for row in _with_quotes(measured, benchmark, scenario)]
    return pd.DataFrame(rows)


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
        if not entry.variant and not isnan(entry.cells[column].mean)
    }


def _with_quotes(
    measured: Mapping[str, tuple[str, Cell]], benchmark: str, scenario: str
) -> Iterator[dict[str, Any]]:
    """A row for each method that was measured or is quoted."""
    quotes = [quoted for quoted in QUOTED if quoted.benchmark == benchmark]
    said = {quoted.method: quoted for quoted in quotes if scenario in quoted.scenarios}
    for baseline in dict.fromkeys([*measured, *said]):
        quoted = said.get(baseline)
        title, cell = measured.get(baseline, (titled(baseline), Cell(float("nan"), float("nan"))))
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
