"""The paper's tables: measured beside quoted, scenarios apart, every remark numbered."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.leaderboard import Leaderboard
from harness.analysis.published import QUOTED
from harness.config.benchmarks import BENCHMARKS
from harness.reporting.model import Report, Table, Text
from harness.reporting.paper_report import TEMPLATE, NoMeasuredCellError, paper_report


@pytest.fixture(scope="module")
def report(results: Path) -> Report:
    return paper_report(results, "default")


def cell(table: Table, method: str, title: str) -> Text:
    place = list(table.head).index(title)
    [row] = [row for row in table.rows if row[0].text == method]
    return row[place]


def test_cells_hold_measured_beside_quoted(report: Report, boards: list[Leaderboard]) -> None:
    cells: Any = report.data.set_index(["benchmark", "scenario", "baseline"])
    for board in boards:
        row = cells.loc[("split_mnist", board.scenario, "rmn")]
        assert row["mean"] == board.entries[0].cells[board.column("acc")].mean
        assert (row["seeds"], row["quoted"]) == (3, "99.5 ± 0.2")  # the paper says both
    assert cells.loc[("split_mnist", "task-il", "hat"), "seeds"] == 0
    assert ("split_mnist", "class-il", "hat") not in cells.index
    assert cells.loc[("split_omniglot", "task-il", "rmn"), "quoted"] == "85.33 ± 1.7"


def test_each_table_is_there_with_the_identity_and_without(report: Report) -> None:
    titles = [table.title for table in report.tables]
    assert titles[:2] == [
        "Table 1. Sequential tasks with labels: task identity given at test",
        "Table 1. Sequential tasks with labels: no task identity at test",
    ]
    assert len(set(titles)) == len(titles)
    given, without = report.tables[:2]
    assert {title.rpartition(", ")[2] for title in given.head[1:]} == {"task-il"}
    assert "Permuted-MNIST, domain-il" in without.head
    with_it = cell(given, "RMN", "Split-MNIST, task-il")
    assert cell(without, "RMN", "Split-MNIST, class-il").text != with_it.text


def test_what_was_measured_says_of_how_many_seeds(report: Report, board: Leaderboard) -> None:
    table = report.tables[0]
    naive = cell(table, "NAIVE", "Split-MNIST, task-il")
    assert naive.text == f"{board.entries[1].text(board.column('acc'))} (n=3)"
    assert naive.quoted == ""  # the paper prints nothing for it
    assert cell(table, "HAT", "Split-MNIST, task-il").text == "–"
    assert cell(table, "NAIVE", "Permuted-MNIST, task-il") == Text("")


def test_an_interval_beyond_the_scale_is_left_out(
    tmp_path: Path, save_run: Callable[..., Path]
) -> None:
    for seed, level in enumerate((0.4, 0.6)):
        save_run(tmp_path, "naive", seed, level)
    table = paper_report(tmp_path, "default").tables[0]
    assert cell(table, "NAIVE", "Split-MNIST, task-il").text == "50.00 (n=2)"


def test_runs_of_another_normalisation_stand_in_no_table_of_the_paper(
    tmp_path: Path, save_run: Callable[..., Path]
) -> None:
    save_run(tmp_path, "naive", 0, 0.4, norm="none")
    with pytest.raises(NoMeasuredCellError):
        paper_report(tmp_path, "default")


def test_every_quotation_has_the_number_of_its_remark(report: Report) -> None:
    comparable = {(q.benchmark, q.value): set[str]() for q in QUOTED}
    for quoted in QUOTED:
        comparable[quoted.benchmark, quoted.value].add(quoted.comparable)
    names = {BENCHMARKS[name].title: name for name in BENCHMARKS}
    seen = 0
    for table in report.tables:
        if table.title.startswith("Supplement"):
            continue  # it is quoted whole
        assert len(set(table.notes)) == len(table.notes)
        for _, *row in table.rows:
            for head, one in zip(table.head[1:], row, strict=True):
                title = head.rpartition(", ")[0]
                if one.quoted:
                    match = re.fullmatch(r"(.+) \[(\d+)\]", one.quoted)
                    assert match, one.quoted
                    remark = table.notes[int(match[2]) - 1]
                    assert remark in comparable[names[title], match[1]]
                    seen += 1
    assert seen > 50


def test_methods_that_were_measured_are_in_the_order_of_their_ranks(
    tmp_path: Path, save_run: Callable[..., Path]
) -> None:
    for baseline, level in (("si", 0.7), ("hat", 0.9), ("ewc", 0.8)):
        save_run(tmp_path, baseline, 0, level)
    aware = paper_report(tmp_path, "default").tables[0]
    assert [row[0].text for row in aware.rows][:3] == ["HAT", "EWC", "SI"]


def test_the_template_is_given_what_it_reads(report: Report) -> None:
    assert report.template == TEMPLATE
    assert set(re.findall(r"\bdata\.(\w+)", TEMPLATE.read_text())) == set(report.content)
    for table, given in zip(report.tables, report.content["tables"], strict=True):
        assert given["head"] == table.head[1:]
        assert [method for method, _ in given["rows"]] == [row[0].text for row in table.rows]
        assert set(re.findall(r"\bgrid\.(\w+)", TEMPLATE.read_text())) == set(given)


def test_files_are_named_by_the_profile(report: Report) -> None:
    assert report.stem == "paper_tables"
    assert set(report.data["profile"]) == {"default"}


def test_nothing_measured_is_no_report(results: Path) -> None:
    with pytest.raises(NoMeasuredCellError):
        paper_report(results, "paper")
