"""The numbers of the paper's tables, from made-up results and the published figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.analysis.claims.evidence import read_evidence
from harness.analysis.comparisons import comparisons
from harness.analysis.leaderboard import leaderboard
from harness.analysis.paper_tables import IDENTITY, paper_cells
from harness.analysis.published import QUOTED, TABLES
from harness.analysis.selection import select
from harness.config.benchmarks import BENCHMARKS
from harness.config.scenarios import TASK_IL, scenarios_of
from harness.storage import store


@pytest.fixture(scope="module")
def cells(results: Path) -> pd.DataFrame:
    return paper_cells(read_evidence(results, "default"))


def test_measured_numbers_are_those_of_the_leaderboards(results: Path, cells: pd.DataFrame) -> None:
    found = comparisons(select(store.read(results, "split_mnist", "default")))
    rows: Any = cells[cells["benchmark"] == "split_mnist"].set_index(["scenario", "baseline"])
    for board in map(leaderboard, found):
        for entry in board.entries:
            row = rows.loc[board.scenario, entry.baseline]
            assert row["mean"] == entry.cells[board.column("acc")].mean
            assert row["seeds"] == entry.seeds == 3


def test_a_column_is_of_one_scenario_with_the_identity_or_without(cells: pd.DataFrame) -> None:
    columns = cells[["table", "identity", "benchmark", "scenario"]].drop_duplicates()
    assert not columns.duplicated(["table", "identity", "benchmark"]).any()
    for row in columns.to_dict("records"):
        given = row["identity"] == IDENTITY[True]
        own = scenarios_of(BENCHMARKS[row["benchmark"]])[-1]
        assert row["scenario"] == (TASK_IL if given else own)


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
        for scenario in {TASK_IL, scenarios_of(BENCHMARKS[quoted.benchmark])[-1]}
        if scenario in quoted.scenarios
    }
    assert found == expected


def test_without_labels_the_identity_is_given_at_test_alone(tmp_path: Path, finish: Any) -> None:
    store.save(tmp_path, *finish(benchmark="split_mnist_unsupervised", profile="default"))
    table = paper_cells(read_evidence(tmp_path, "default"))
    measured = table[table["seeds"] > 0].to_dict("records")
    assert [(row["table"][:7], row["identity"], row["mean"]) for row in measured] == [
        ("Table 2", IDENTITY[True], pytest.approx(0.75)),
        ("Table 2", IDENTITY[False], pytest.approx(0.375)),
    ]


def test_ablations_stand_in_no_table_of_the_paper(tmp_path: Path, save_run: Any) -> None:
    save_run(tmp_path, "rmn", 0, 0.9)
    save_run(tmp_path, "rmn", 0, 0.8, epochs=5)
    save_run(tmp_path, "rmn", 0, 0.7, norm="none")
    table = paper_cells(read_evidence(tmp_path, "default"))
    assert table.loc[table["seeds"] > 0, "mean"].tolist() == [pytest.approx(0.9)]
