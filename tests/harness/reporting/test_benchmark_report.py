"""The report of one benchmark: scenarios kept apart, numbers quoted, labels and their worth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.analysis.leaderboard import LEADERBOARD, Leaderboard, NoFinishedRunError
from harness.config.benchmarks import BENCHMARKS
from harness.config.run import Run
from harness.config.scenarios import CLASS_IL, TASK_IL
from harness.reporting.benchmark_report import benchmark_report
from harness.reporting.model import Report, Table
from harness.storage import schema, store
from harness.storage.record import MethodDeclaration, Record
from harness.storage.schema import CLASSES_SEEN, Row, RowKeys

SaveRun = Callable[..., Path]


@pytest.fixture(scope="module")
def report(results: Path) -> Report:
    return benchmark_report(results, "split_mnist", "default")


def column(table: Table, title: str) -> list[str]:
    """Texts of a column, methods in their order."""
    place = list(table.head).index(title)
    return [row[place].text for row in table.rows]


def test_there_is_a_table_a_scenario(report: Report) -> None:
    task_il, class_il = report.tables
    assert (task_il.title, class_il.title) == ("task-il", "class-il")
    assert "The task identity is given in training and at test" in task_il.summary
    assert "no identity is given at test" in class_il.summary
    assert column(task_il, "ACC") != column(class_il, "ACC")
    assert "Task inferred by" not in task_il.head
    assert column(class_il, "Task inferred by") == ["max-logit", CLASSES_SEEN]
    for table in report.tables:
        assert "95 % interval of the mean" in table.summary
        assert column(table, "Seeds") == ["3", "3"]


def test_a_table_has_every_column_of_the_leaderboard_with_a_number(
    report: Report, boards: list[Leaderboard]
) -> None:
    for table, board in zip(report.tables, boards, strict=True):
        assert column(table, "Method") == ["RMN", "NAIVE"]
        columns = board.columns(*LEADERBOARD)
        for one in columns:
            assert column(table, one.title) == [entry.text(one) for entry in board.entries]
        assert [title for title in table.head if title in {one.title for one in columns}] == [
            one.title for one in columns
        ]


def test_words_stand_left_and_numbers_right(report: Report) -> None:
    titles = [[table.head[place] for place in sorted(table.left)] for table in report.tables]
    assert titles == [["Method"], ["Method", "Task inferred by"]]


def test_the_best_are_marked(report: Report, boards: list[Leaderboard]) -> None:
    for table, board in zip(report.tables, boards, strict=True):
        for row, entry in zip(table.rows, board.entries, strict=True):
            marked = {table.head[place] for place, cell in enumerate(row) if cell.bold}
            columns = board.columns(*LEADERBOARD)
            assert marked == {one.title for one in columns if entry.cells[one].best}


def test_data_are_shares_in_each_scenario(report: Report) -> None:
    data = report.data
    acc = data[(data["metric"] == "acc") & (data["method"] == "RMN")].set_index("scenario")
    assert acc.loc["task-il", "mean"] == pytest.approx(0.9599, abs=1e-3)
    without: Any = acc.loc["class-il", "mean"]
    assert acc.loc["task-il", "mean"] == pytest.approx(2 * without)
    assert acc["rule"].to_dict() == {"task-il": "", "class-il": "max-logit"}
    assert set(data["profile"]) == {"default"}
    norms = data.groupby(["scenario", "method"])["norm"].unique().map(list).to_dict()
    assert norms["task-il", "NAIVE"] == norms["class-il", "RMN"] == ["per-task"]
    assert norms["class-il", "NAIVE"] == ["shared"]
    seconds = data[(data["metric"] == "seconds") & (data["method"] == "RMN")]
    assert list(seconds["scenario"]) == ["task-il", "class-il"]


def test_runs_of_another_normalisation_are_in_a_table_of_their_own(
    tmp_path: Path, save_run: SaveRun
) -> None:
    save_run(tmp_path, "rmn", 0, 0.9)
    save_run(tmp_path, "rmn", 0, 0.7, norm="none")
    first, second = benchmark_report(tmp_path, "split_mnist", "default").tables
    assert (first.title, second.title) == ("task-il", "task-il, robustness: no normalisation")
    assert "Every method has no normalisation." in second.summary
    assert column(first, "ACC") + column(second, "ACC") == ["90.00", "70.00"]
    assert column(first, "Method") == column(second, "Method") == ["RMN"]
    assert column(second, "Paper (quoted)") == [""]


def test_the_papers_number_stands_in_its_own_scenario(tmp_path: Path, save_run: SaveRun) -> None:
    for method in ("rmn", "hat", "naive"):
        for scenario in (TASK_IL, CLASS_IL):
            save_run(tmp_path, method, 0, 0.9, scenario=scenario)
    report = benchmark_report(tmp_path, "split_mnist", "default")
    quoted = [
        dict(zip(column(table, "Method"), column(table, "Paper (quoted)"), strict=True))
        for table in report.tables
    ]
    both = "99.5 ± 0.2"
    assert quoted == [
        {"RMN": both, "HAT": "99", "NAIVE": ""},
        {"RMN": both, "HAT": "", "NAIVE": ""},
    ]
    data = report.data[report.data["metric"] == "acc"].set_index(["method", "scenario"])
    assert data.loc[("HAT", "task-il"), "paper_quoted"] == "99"
    assert data.loc[("HAT", "class-il"), "paper_quoted"] == ""
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
    [table] = report.tables
    assert column(table, "Seeds") == ["1"]


def stored(root: Path, benchmark: str, profile: str, level: float) -> None:
    """A run of a method with the profile's own budget, and the identity given at test too."""
    budget = BENCHMARKS[benchmark].budgets[profile].identity()
    run = Run(
        benchmark=benchmark,
        scenario=CLASS_IL,
        baseline="naive",
        settings={},
        profile=profile,
        training={**budget, "norm": "shared", "outputs": "own"},
        seed=0,
        # of a benchmark's version that is not known, so that a run may have any number of tasks
        versions={"rows": 1, "benchmark": 0},
    )
    rows: list[Row] = []
    for after in range(4):
        for task in range(1, 4):
            at: RowKeys = {"after": after, "task": task}
            rows.append({**at, "metric": "accuracy", "scenario": TASK_IL, "value": level})
            if task <= after:
                named: RowKeys = {**at, "scenario": CLASS_IL, "rule": CLASSES_SEEN}
                rows.append({**named, "metric": "accuracy", "value": level / 2})
    store.save(root, Record(run, MethodDeclaration("Naive")), schema.table(rows, run))


def degradation(report: Report) -> list[str]:
    """What the report prints for the worth of labels: without the identity, and with it."""
    [section] = report.content["sections"]
    for part in section["leaderboard"]:
        if "Degradation" in part["head"]:
            [row] = part["rows"]
            cells = dict(zip(part["head"], (cell["text"] for cell in row), strict=True))
            return [cells["Degradation"], cells["Degradation, identity given"]]
    return []


def test_labels_are_worth_what_the_same_budget_gains_with_them(tmp_path: Path) -> None:
    """Without labels nothing decays: its default is the labelled tasks' constant profile."""
    stored(tmp_path, "split_mnist_unsupervised", "default", 0.6)
    stored(tmp_path, "split_mnist", "default", 0.95)  # another budget
    report = benchmark_report(tmp_path, "split_mnist_unsupervised", "default")
    assert degradation(report) == []
    stored(tmp_path, "split_mnist", "constant", 0.9)
    report = benchmark_report(tmp_path, "split_mnist_unsupervised", "default")
    assert degradation(report) == ["15.00", "30.00"]
    assert isinstance(report.data, pd.DataFrame)


def test_without_labels_the_identity_given_at_test_has_a_column(tmp_path: Path) -> None:
    stored(tmp_path, "split_mnist_unsupervised", "default", 0.6)
    report = benchmark_report(tmp_path, "split_mnist_unsupervised", "default")
    [table] = report.tables
    assert table.title == "class-il"
    assert (column(table, "ACC"), column(table, "ACC, identity given")) == (["30.00"], ["60.00"])
    data = report.data[report.data["metric"] == "acc"]
    assert dict(zip(data["scenario"], data["mean"], strict=True)) == {
        "class-il": pytest.approx(0.3),
        "task-il": pytest.approx(0.6),
    }
