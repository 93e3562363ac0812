"""The report of one benchmark: scenarios kept apart, numbers quoted, labels and their worth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.analysis.columns import LEADERBOARD
from harness.analysis.leaderboard import Leaderboard, NoFinishedRunError
from harness.config.benchmarks import BENCHMARKS
from harness.config.run import Run
from harness.config.scenarios import CLASS_IL, TASK_IL
from harness.reporting.benchmark_report import benchmark_report
from harness.reporting.model import Report, Table
from harness.storage import schema, store
from harness.storage.record import MethodDeclaration, Record
from harness.storage.schema import CLASSES_SEEN, Row, RowKeys

SaveRun = Callable[..., Path]

SCENARIOS = ("task-il", "class-il")


@pytest.fixture(scope="module")
def report(results: Path) -> Report:
    return benchmark_report(results, "split_mnist", "default")


def column(table: Table, title: str) -> list[str]:
    """Texts of a column, methods in their order."""
    place = list(table.head).index(title)
    return [row[place].text for row in table.rows]


def of_scenarios(report: Report) -> dict[str, Table]:
    """The first table of each section, by the section's title."""
    found: dict[str, Table] = {}
    for table in report.tables[1:]:
        found.setdefault(table.title, table)
    return {title: table for title, table in found.items() if title.startswith(SCENARIOS)}


def test_the_first_table_holds_every_method_in_at_most_seven_columns(
    report: Report, boards: list[Leaderboard]
) -> None:
    first = report.tables[0]
    assert list(first.head) == [
        "Method", "Seeds", "ACC, task-il", "Forgetting, task-il", "ACC, class-il",
        "Forgetting, class-il", "Paper, task-il",
    ]  # fmt: skip
    assert column(first, "Method") == ["RMN", "NAIVE"]
    for board in boards:
        accuracy = board.column("acc")
        shown = [entry.text(accuracy) for entry in board.entries]
        assert column(first, f"ACC, {board.scenario}") == shown


def test_the_finding_is_made_from_the_numbers(report: Report, boards: list[Leaderboard]) -> None:
    first, second = report.content["findings"]
    for sentence, board in zip((first, second), boards, strict=True):
        plain = sentence.replace("\N{NO-BREAK SPACE}", " ")
        rmn, naive = (entry.text(board.column("acc")) for entry in board.entries)
        assert plain.startswith(f"In {board.scenario}, RMN has {rmn} (the paper prints 99.5 ± 0.2)")
        assert f"lower: NAIVE {naive}" in plain


def test_there_is_a_section_a_scenario(report: Report) -> None:
    sections = of_scenarios(report)
    assert list(sections) == ["task-il", "class-il"]
    task_il, class_il = sections.values()
    assert column(task_il, "ACC") != column(class_il, "ACC")
    assert "Task inferred by" not in task_il.head
    assert column(class_il, "Task inferred by") == ["max-logit", CLASSES_SEEN]
    for table in sections.values():
        assert "95 % interval of the mean" in table.summary
        assert column(table, "Seeds") == ["3", "3"]


def test_each_number_of_the_leaderboard_stands_in_a_table_of_its_section(
    report: Report, boards: list[Leaderboard]
) -> None:
    for board in boards:
        tables = [table for table in report.tables if table.title == board.scenario]
        for one in board.columns(*LEADERBOARD):
            [table] = [
                table for table in tables if one.title in table.head and "Rule" not in table.head
            ]
            shown = dict(zip(column(table, "Method"), column(table, one.title), strict=True))
            assert shown == {entry.title: entry.text(one) for entry in board.entries}


def test_words_stand_left_and_numbers_right(report: Report) -> None:
    sections = of_scenarios(report).values()
    titles = [[table.head[place] for place in sorted(table.left)] for table in sections]
    assert titles == [["Method"], ["Method", "Task inferred by"]]


def test_the_best_are_marked(report: Report, boards: list[Leaderboard]) -> None:
    for table, board in zip(of_scenarios(report).values(), boards, strict=True):
        for row, entry in zip(table.rows, board.entries, strict=True):
            marked = {table.head[place] for place, cell in enumerate(row) if cell.bold}
            columns = [one for one in board.columns(*LEADERBOARD) if one.title in table.head]
            assert marked == {one.title for one in columns if entry.cells[one].best}


def test_data_say_their_unit(report: Report) -> None:
    data = report.data
    acc = data[(data["metric"] == "acc") & (data["method"] == "rmn")].set_index("scenario")
    assert acc.loc["task-il", "mean_in_unit"] == pytest.approx(0.9599, abs=1e-3)
    without: Any = acc.loc["class-il", "mean_in_unit"]
    assert acc.loc["task-il", "mean_in_unit"] == pytest.approx(2 * without)
    assert set(acc["unit"]) == {"fraction"}
    assert acc["rule"].to_dict() == {"task-il": "", "class-il": "max-logit"}
    assert set(data["profile"]) == {"default"}
    norms = data.groupby(["scenario", "method"])["norm"].unique().map(list).to_dict()
    assert norms["task-il", "naive"] == norms["class-il", "rmn"] == ["per-task"]
    assert norms["class-il", "naive"] == ["shared"]
    seconds = data[(data["metric"] == "seconds") & (data["method"] == "rmn")]
    assert list(seconds["scenario"]) == ["task-il", "class-il"]
    assert set(seconds["unit"]) == {"seconds"}


def test_means_are_those_of_the_seeds(report: Report) -> None:
    keys = ["scenario", "method", "metric"]
    means = report.per_seed.groupby(keys)["value_in_unit"].mean()
    given = report.data.dropna(subset="mean_in_unit").set_index(keys)["mean_in_unit"]
    pd.testing.assert_series_equal(
        means.sort_index(), given.sort_index(), check_names=False, check_index_type=False
    )


def test_runs_of_another_normalisation_are_in_a_table_of_their_own(
    tmp_path: Path, save_run: SaveRun
) -> None:
    save_run(tmp_path, "rmn", 0, 0.9)
    save_run(tmp_path, "rmn", 0, 0.7, norm="none")
    report = benchmark_report(tmp_path, "split_mnist", "default")
    sections = of_scenarios(report)
    assert list(sections) == ["task-il", "task-il, robustness: no normalisation"]
    first, second = sections.values()
    assert column(first, "ACC") + column(second, "ACC") == ["90.00", "70.00"]
    assert column(first, "Method") == column(second, "Method") == ["RMN"]
    rules = [section["rules"] for section in report.content["sections"]]
    assert "Every method has no normalisation." in rules[1]


def test_variants_stand_apart_and_lead_no_table(tmp_path: Path, save_run: SaveRun) -> None:
    for seed in range(3):
        save_run(tmp_path, "naive", seed, 0.6)
        save_run(tmp_path, "rmn", seed, 0.9)
    save_run(tmp_path, "rmn", 0, 0.99, epochs=20)
    report = benchmark_report(tmp_path, "split_mnist", "default")
    assert column(report.tables[0], "Method") == ["RMN", "NAIVE"]
    assert column(of_scenarios(report)["task-il"], "ACC") == ["90.00", "60.00"]
    [variants] = [table for table in report.tables if table.title == "Variants"]
    assert column(variants, "Settings") == ["its own", "training.epochs=20"]
    assert column(variants, "ACC") == ["90.00", "99.00"]
    assert column(variants, "Difference") == ["", "+9.00"]
    assert set(report.data["setting"]) == {"", "training.epochs=20"}


def test_the_papers_number_stands_in_its_own_scenario(tmp_path: Path, save_run: SaveRun) -> None:
    for method in ("rmn", "hat", "naive"):
        for scenario in (TASK_IL, CLASS_IL):
            save_run(tmp_path, method, 0, 0.9, scenario=scenario)
    report = benchmark_report(tmp_path, "split_mnist", "default")
    first = report.tables[0]
    quoted = {row[0].text: row[-1].quoted for row in first.rows}
    assert first.head[-1] == "Paper, task-il"
    assert quoted == {"RMN": "99.5 ± 0.2", "HAT": "99", "NAIVE": ""}
    task_il, class_il = (section["quoted"] for section in report.content["sections"])
    assert "VCL, coreset 97 (replays 40 points a task)" in task_il
    assert "HAT" not in task_il  # was measured
    assert class_il == ""
    data = report.data[report.data["metric"] == "acc"].set_index(["method", "scenario"])
    assert data.loc[("hat", "task-il"), "paper_quoted_percent"] == "99"
    assert data.loc[("hat", "class-il"), "paper_quoted_percent"] == ""
    others = report.data[report.data["metric"] != "acc"]
    assert set(others["paper_quoted_percent"]) == {""}


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
    assert column(report.tables[0], "Seeds") == ["1"]


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
    for table in report.tables:
        if "Degradation" in table.head:
            return column(table, "Degradation") + column(table, "Degradation, identity given")
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
    [(title, table)] = of_scenarios(report).items()
    assert title == "class-il"
    assert (column(table, "ACC"), column(table, "ACC, identity given")) == (["30.00"], ["60.00"])
    data = report.data[report.data["metric"] == "acc"]
    assert dict(zip(data["scenario"], data["mean_in_unit"], strict=True)) == {
        "class-il": pytest.approx(0.3),
        "task-il": pytest.approx(0.6),
    }


def test_of_many_methods_the_sentence_names_the_best_and_sums_up_the_others(
    tmp_path: Path, save_run: SaveRun
) -> None:
    save_run(tmp_path, "rmn", 0, 0.9)
    for number in range(10):
        save_run(tmp_path, f"m{number}", 0, 0.8 - number / 100)
    [said] = benchmark_report(tmp_path, "split_mnist", "default").lead[1:]
    assert "M5 75.00" in said
    assert "M6" not in said
    assert "and 4 others (71.00 to 74.00): fewer than 3 seeds" in said
