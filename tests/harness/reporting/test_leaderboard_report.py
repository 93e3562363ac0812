"""The leaderboard of all benchmarks: a table a scenario, and what each method needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.leaderboard import NoFinishedRunError
from harness.analysis.run_filter import RunFilter
from harness.analysis.standings import standings
from harness.config.run import Run
from harness.reporting.leaderboard_report import leaderboard_report
from harness.reporting.writer import write
from harness.storage import schema, store
from harness.storage.record import MethodDeclaration, Record, Status
from harness.storage.schema import Row, RowKeys

SaveRun = Callable[..., Path]


def saved(root: Path, benchmark: str, method: MethodDeclaration, level: float, **run: Any) -> None:
    """A run of three tasks with a level of accuracy."""
    made = Run(
        **{
            "benchmark": benchmark,
            "scenario": "task-il",
            "baseline": method.title.lower(),
            "settings": {},
            "profile": "default",
            "training": {"epochs": 1, "norm": "per-task", "outputs": "own"},
            "seed": 0,
            "versions": {"rows": 1, "benchmark": 0},
            **run,
        }
    )
    of: RowKeys = {"scenario": made.scenario}
    rows: list[Row] = [
        {**of, "metric": "accuracy", "after": after, "task": task, "value": level}
        for after in range(1, 4)
        for task in range(1, after + 1)
    ]
    store.save(root, Record(made, method), schema.table(rows, made))


MINE = MethodDeclaration("Mine", supervision="task labels", requirements=("a model per task",))
PLAIN = MethodDeclaration("Plain", supervision="task labels")


def test_methods_are_rows_and_benchmarks_are_columns(results: Path) -> None:
    task_il, class_il = leaderboard_report(standings(results, "default")).tables
    assert (task_il.title, class_il.title) == ("task-il", "class-il")
    assert list(task_il.head) == ["Method", "Split-MNIST", "Needs"]
    assert [row[0].text for row in task_il.rows] == ["RMN", "NAIVE"]
    [best, other] = [row[1] for row in task_il.rows]
    assert (best.text, best.bold) == ("95.99 ± 2.01 (n=3)", True)
    assert (other.text, other.bold) == ("60.33 ± 0.67 (n=3)", False)


def test_a_method_of_another_package_appears_like_any_other(tmp_path: Path) -> None:
    saved(tmp_path, "split_mnist", MINE, 0.9)
    saved(tmp_path, "split_mnist", PLAIN, 0.95)
    saved(tmp_path, "permuted_mnist", MINE, 0.8)
    [table] = leaderboard_report(standings(tmp_path, "default")).tables
    assert [[text.text for text in row] for row in table.rows] == [
        ["Plain", "95.00 (n=1)", "–", "–"],
        ["Mine", "90.00 (n=1)", "80.00 (n=1)", "a model per task"],
    ]
    assert "Common to all methods here, and in no row: task labels." in table.summary


def test_seeds_that_diverged_are_counted(tmp_path: Path) -> None:
    saved(tmp_path, "split_mnist", MINE, 0.9)
    [record] = store.read(tmp_path, "split_mnist", "default").records
    ended: tuple[tuple[int, Status], ...] = ((1, "diverged"), (2, "diverged"), (3, "failed"))
    for seed, status in ended:
        run = replace(record.run, seed=seed)
        store.save(tmp_path, replace(record, run=run, status=status, error="no"))
    *_, said = leaderboard_report(standings(tmp_path, "default")).lead
    assert said == "Diverged, and in no mean: 2 seeds of Mine on Split-MNIST in task-il."
    [sentence] = leaderboard_report(standings(tmp_path, "default", RunFilter(seeds=1))).lead
    assert "Diverged" not in sentence


def test_what_is_needed_on_some_benchmarks_is_marked(tmp_path: Path) -> None:
    saved(tmp_path, "split_mnist", MINE, 0.9)
    saved(tmp_path, "permuted_mnist", MethodDeclaration("Mine"), 0.8)
    [table] = leaderboard_report(standings(tmp_path, "default")).tables
    [[*_, needs]] = table.rows
    assert needs.text == "task labels (on some), a model per task (on some)"


def test_a_benchmark_is_asked_for_the_methods_that_it_has(tmp_path: Path) -> None:
    saved(tmp_path, "split_mnist", MINE, 0.9)
    saved(tmp_path, "permuted_mnist", PLAIN, 0.8)
    found = standings(tmp_path, "default", RunFilter(methods=("mine", "plain")))
    assert dict(found.shown) == {
        "split_mnist": RunFilter(methods=("mine",)),
        "permuted_mnist": RunFilter(methods=("plain",)),
    }
    report = leaderboard_report(found)
    assert report.title == "Leaderboard, profile default (only methods mine, plain)"
    assert list(report.parts) == ["split_mnist-selection", "permuted_mnist-selection"]


def test_reports_are_named_by_their_files(tmp_path: Path, save_run: SaveRun) -> None:
    save_run(tmp_path, "rmn", 0, 0.9)
    save_run(tmp_path, "rmn", 0, 0.9, profile="paper")
    default, paper = (
        leaderboard_report(standings(tmp_path, name)) for name in ("default", "paper")
    )
    assert (default.stem, dict(default.parts)) == ("index", {"split_mnist": "Split-MNIST"})
    assert (paper.stem, dict(paper.parts)) == (
        "index-paper",
        {"split_mnist-paper": "Split-MNIST"},
    )


@pytest.mark.parametrize("ending", ["pdf", "md", "csv", "tex", "html"])
def test_every_format_has_it(results: Path, tmp_path: Path, ending: str) -> None:
    path = write(leaderboard_report(standings(results, "default")), ending, tmp_path)
    assert path.name == f"index.{ending}"
    assert path.stat().st_size > 300


def test_nothing_finished_is_no_leaderboard(tmp_path: Path) -> None:
    with pytest.raises(NoFinishedRunError):
        leaderboard_report(standings(tmp_path, "default"))
