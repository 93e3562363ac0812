"""The report of one benchmark: scenarios kept apart, numbers quoted, labels and their worth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.analysis.leaderboard import (
    LEADERBOARD,
    Leaderboard,
    NoFinishedRunError,
    columns_of,
)
from harness.config.benchmarks import BENCHMARKS
from harness.config.run import Run
from harness.reporting.benchmark_report import benchmark_report
from harness.reporting.model import Report
from harness.storage import schema, store
from harness.storage.record import MethodDeclaration, Record
from harness.storage.schema import CLASSES_SEEN, TASK_AGNOSTIC, TASK_IL, Row, RowKeys

SaveRun = Callable[..., Path]


@pytest.fixture(scope="module")
def report(results: Path) -> Report:
    return benchmark_report(results, "split_mnist", "default")


def column(report: Report, title: str) -> list[str]:
    """Texts of a column, methods in their order."""
    [table] = report.tables
    place = list(table.head).index(title)
    return [row[place].text for row in table.rows]


def test_the_table_has_every_column_of_the_leaderboard(report: Report, board: Leaderboard) -> None:
    assert column(report, "Method") == ["RMN", "NAIVE"]
    assert column(report, "Seeds") == ["3", "3"]
    for one in columns_of(*LEADERBOARD):
        assert column(report, one.title) == [entry.text(one) for entry in board.entries]
    assert column(report, "Task inferred by") == ["max-logit", CLASSES_SEEN]


def test_words_stand_left_and_numbers_right(report: Report) -> None:
    [table] = report.tables
    assert [table.head[place] for place in sorted(table.left)] == ["Method", "Task inferred by"]


def test_the_best_are_marked(report: Report, board: Leaderboard) -> None:
    [table] = report.tables
    for row, entry in zip(table.rows, board.entries, strict=True):
        marked = {table.head[place] for place, cell in enumerate(row) if cell.bold}
        assert marked == {one.title for one in columns_of(*LEADERBOARD) if entry.cells[one].best}


def test_data_are_shares_in_both_scenarios(report: Report) -> None:
    data = report.data
    acc = data[(data["metric"] == "acc") & (data["method"] == "RMN")].set_index("scenario")
    assert acc.loc["task-il", "mean"] == pytest.approx(0.9599, abs=1e-3)
    agnostic: Any = acc.loc["task-agnostic", "mean"]
    assert acc.loc["task-il", "mean"] == pytest.approx(2 * agnostic)
    assert acc["rule"].to_dict() == {"task-il": "", "task-agnostic": "max-logit"}
    assert set(data["profile"]) == {"default"}


def test_the_papers_number_stands_in_its_own_scenario(tmp_path: Path, save_run: SaveRun) -> None:
    for method in ("rmn", "hat", "naive"):
        save_run(tmp_path, method, 0, 0.9)
    report = benchmark_report(tmp_path, "split_mnist", "default")
    quoted = dict(
        zip(
            column(report, "Method"),
            zip(
                column(report, "Paper, task-aware (quoted)"),
                column(report, "Paper, task-agnostic (quoted)"),
                strict=True,
            ),
            strict=True,
        )
    )
    both = "99.5 ± 0.2"
    assert quoted == {"RMN": (both, both), "HAT": ("99", ""), "NAIVE": ("", "")}
    data = report.data[report.data["metric"] == "acc"].set_index(["method", "scenario"])
    assert data.loc[("HAT", "task-il"), "paper_quoted"] == "99"
    assert data.loc[("HAT", "task-agnostic"), "paper_quoted"] == ""
    others = report.data[report.data["metric"] != "acc"]
    assert set(others["paper_quoted"]) == {""}


@pytest.mark.parametrize(
    ("profile", "stem"), [("default", "split_mnist"), ("paper", "split_mnist-paper")]
)
def test_files_are_named_by_benchmark_and_profile(profile: str, stem: str, tmp_path: Path) -> None:
    stored(tmp_path, "split_mnist", profile, 0.9)
    report = benchmark_report(tmp_path, "split_mnist", profile)
    assert report.stem == stem
    assert report.title == f"split_mnist, profile {profile}"


def test_nothing_finished_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(NoFinishedRunError):
        benchmark_report(tmp_path, "split_mnist", "default")


def test_damaged_runs_are_named(tmp_path: Path, save_run: SaveRun) -> None:
    save_run(tmp_path, "naive", 0, 0.6)
    broken = save_run(tmp_path, "naive", 1, 0.6)
    (broken / "rows.parquet").write_bytes(b"not a table")
    report = benchmark_report(tmp_path, "split_mnist", "default")
    assert list(report.damaged) == [broken]
    assert column(report, "Seeds") == ["1"]


def stored(root: Path, benchmark: str, profile: str, level: float) -> None:
    """A run of a method with the profile's own budget."""
    budget = BENCHMARKS[benchmark].budgets[profile].identity()
    # of a benchmark's version that is not known, so that a run may have any number of tasks
    run = Run(benchmark, "naive", {}, profile, budget, 0, {"rows": 1, "benchmark": 0})
    rows: list[Row] = []
    for after in range(4):
        for task in range(1, 4):
            at: RowKeys = {"after": after, "task": task}
            rows.append({**at, "metric": "accuracy", "scenario": TASK_IL, "value": level})
            if task <= after:
                named: RowKeys = {**at, "scenario": TASK_AGNOSTIC, "rule": CLASSES_SEEN}
                rows.append({**named, "metric": "accuracy", "value": level / 2})
    store.save(root, Record(run, MethodDeclaration("Naive")), schema.table(rows, run))


def degradation(report: Report) -> list[str]:
    """What the report prints for the worth of labels, task-aware and task-agnostic."""
    for part in report.content["leaderboard"]:
        if "Degradation task-aware" in part["head"]:
            [row] = part["rows"]
            cells = dict(zip(part["head"], (cell["text"] for cell in row), strict=True))
            return [cells["Degradation task-aware"], cells["Degradation task-agnostic"]]
    return []


def test_labels_are_worth_what_the_same_budget_gains_with_them(tmp_path: Path) -> None:
    """Without labels nothing decays: its default is the labelled tasks' constant profile."""
    stored(tmp_path, "split_mnist_unsupervised", "default", 0.6)
    stored(tmp_path, "split_mnist", "default", 0.95)  # another budget
    report = benchmark_report(tmp_path, "split_mnist_unsupervised", "default")
    assert degradation(report) == []
    stored(tmp_path, "split_mnist", "constant", 0.9)
    report = benchmark_report(tmp_path, "split_mnist_unsupervised", "default")
    assert degradation(report) == ["30.00", "15.00"]
    assert isinstance(report.data, pd.DataFrame)
