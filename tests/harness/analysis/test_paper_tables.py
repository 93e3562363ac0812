"""The numbers of the paper's tables, from the committed results and the published figures."""

from __future__ import annotations

import pandas as pd
import pytest

from harness.analysis.leaderboard import ACC_AGNOSTIC, ACC_TASK_IL, leaderboard
from harness.analysis.paper_tables import TABLES, paper_cells
from harness.analysis.published import QUOTED
from harness.analysis.selection import select
from harness.config.benchmarks import BENCHMARKS
from harness.storage import provenance, store

RESULTS = provenance.ROOT / "results"


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    return paper_cells(RESULTS, "default").table


def test_measured_numbers_are_those_of_the_leaderboard(cells: pd.DataFrame) -> None:
    board = leaderboard(select(store.read(RESULTS, "permuted_mnist", "default")))
    here = cells[cells["benchmark"] == "permuted_mnist"].to_dict("records")
    rows = {(row["scenario"], row["baseline"]): row for row in here}
    own = [entry for entry in board.entries if not entry.setting]
    assert len(own) >= 8
    for entry in own:
        for column in (ACC_TASK_IL, ACC_AGNOSTIC):
            row = rows[column.scenario, entry.baseline]
            assert row["mean"] == entry.cells[column].mean
            assert row["seeds"] == entry.seeds


def test_every_quote_of_a_table_is_there_in_its_own_scenario_alone(cells: pd.DataFrame) -> None:
    shown = {name for table in TABLES for name in table.benchmarks}
    assert shown <= BENCHMARKS.keys()
    found = {
        (row.benchmark, row.baseline, row.scenario): row.quoted
        for row in cells.itertuples()
        if row.quoted
    }
    expected = {
        (quoted.benchmark, quoted.method, scenario): quoted.value
        for quoted in QUOTED
        if quoted.benchmark in shown
        for scenario in quoted.scenarios
    }
    assert found == expected


def test_ablations_stand_in_no_table_of_the_paper(cells: pd.DataFrame) -> None:
    titles = cells.loc[(cells["benchmark"] == "split_mnist") & (cells["seeds"] > 0), "method"]
    assert not any("(" in title for title in titles)
