"""The paper's tables: measured beside quoted, scenarios apart, every remark numbered."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.leaderboard import ACC_AGNOSTIC, ACC_TASK_IL, Leaderboard
from harness.analysis.published import QUOTED
from harness.config.benchmarks import BENCHMARKS
from harness.reporting.model import Report, Table, Text
from harness.reporting.paper_report import TEMPLATE, NoMeasuredCellError, paper_report


@pytest.fixture(scope="module")
def report(results: Path) -> Report:
    return paper_report(results, "default")


def cell(table: Table, method: str, benchmark: str) -> Text:
    place = list(table.head).index(BENCHMARKS[benchmark].title)
    [row] = [row for row in table.rows if row[0].text == method]
    return row[place]


def test_cells_hold_measured_beside_quoted(report: Report, board: Leaderboard) -> None:
    cells: Any = report.data.set_index(["benchmark", "scenario", "baseline"])
    for column in (ACC_TASK_IL, ACC_AGNOSTIC):
        row = cells.loc[("split_mnist", column.scenario, "rmn")]
        assert row["mean"] == board.entries[0].cells[column].mean
        assert (row["seeds"], row["quoted"]) == (3, "99.5 ± 0.2")  # the paper says both
    assert cells.loc[("split_mnist", "task-il", "hat"), "seeds"] == 0
    assert ("split_mnist", "task-agnostic", "hat") not in cells.index
    assert cells.loc[("split_omniglot", "task-il", "rmn"), "quoted"] == "85.33 ± 1.7"


def test_scenarios_are_two_tables(report: Report) -> None:
    titles = [table.title for table in report.tables]
    assert titles[:2] == [
        "Table 1. Sequential tasks with labels: task-aware",
        "Table 1. Sequential tasks with labels: task-agnostic",
    ]
    assert len(set(titles)) == len(titles)
    aware, agnostic = report.tables[:2]
    assert cell(aware, "RMN", "split_mnist").text != cell(agnostic, "RMN", "split_mnist").text


def test_what_was_measured_says_of_how_many_seeds(report: Report, board: Leaderboard) -> None:
    aware = report.tables[0]
    naive = cell(aware, "NAIVE", "split_mnist")
    assert naive.text == f"{board.entries[1].text(ACC_TASK_IL)} (3)"
    assert naive.quoted == ""  # the paper prints nothing for it
    assert cell(aware, "HAT", "split_mnist").text == "–"
    assert cell(aware, "NAIVE", "permuted_mnist") == Text("")


def test_every_quotation_has_the_number_of_its_remark(report: Report) -> None:
    comparable = {(q.benchmark, q.value): set[str]() for q in QUOTED}
    for quoted in QUOTED:
        comparable[quoted.benchmark, quoted.value].add(quoted.comparable)
    names = {BENCHMARKS[name].title: name for name in BENCHMARKS}
    seen = 0
    for table in report.tables:
        assert len(set(table.notes)) == len(table.notes)
        for _, *row in table.rows:
            for title, one in zip(table.head[1:], row, strict=True):
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
