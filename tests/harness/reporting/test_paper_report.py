"""The paper's tables: measured beside quoted, scenarios apart, every remark numbered."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.leaderboard import Leaderboard, NoFinishedRunError
from harness.analysis.published import QUOTED
from harness.config.benchmarks import BENCHMARKS
from harness.reporting.model import ANSWER, Report, Table, Text
from harness.reporting.paper_report import TEMPLATE, paper_report


@pytest.fixture(scope="module")
def report(results: Path) -> Report:
    return paper_report(results, "default")


def cell(table: Table, method: str, title: str) -> Text:
    place = list(table.head).index(title)
    [row] = [row for row in table.rows if row[0].text == method]
    return row[place]


def of_numbers(report: Report) -> list[Table]:
    """Tables 1 to 3, with the identity and without."""
    return [table for table in report.tables if table.title.startswith("Table ")]


def test_cells_hold_measured_beside_quoted(report: Report, boards: list[Leaderboard]) -> None:
    cells: Any = report.data.set_index(["benchmark", "scenario", "method"])
    for board in boards:
        row = cells.loc[("split_mnist", board.scenario, "rmn")]
        assert row["mean_fraction"] == board.entries[0].cells[board.column("acc")].mean
        assert (row["seeds"], row["quoted_percent"]) == (3, "99.5 ± 0.2")  # the paper says both
    assert cells.loc[("split_mnist", "task-il", "hat"), "seeds"] == 0
    assert ("split_mnist", "class-il", "hat") not in cells.index
    assert cells.loc[("split_omniglot", "task-il", "rmn"), "quoted_percent"] == "85.33 ± 1.7"


def test_each_table_is_there_with_the_identity_and_without(report: Report) -> None:
    titles = [table.title for table in of_numbers(report)]
    assert titles[:2] == [
        "Table 1. Sequential tasks with labels: task identity given at test",
        "Table 1. Sequential tasks with labels: no task identity at test",
    ]
    assert len(set(titles)) == len(titles)
    given, without = of_numbers(report)[:2]
    assert {title.rpartition(", ")[2] for title in given.head[1:]} == {"task-il"}
    assert "Permuted-MNIST, domain-il" in without.head
    with_it = cell(given, "RMN", "Split-MNIST, task-il")
    assert cell(without, "RMN", "Split-MNIST, class-il").text != with_it.text


def test_what_was_measured_says_of_how_many_seeds(report: Report, board: Leaderboard) -> None:
    table = of_numbers(report)[0]
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
    table = of_numbers(paper_report(tmp_path, "default"))[0]
    assert cell(table, "NAIVE", "Split-MNIST, task-il").text == "50.00 (n=2)"


def test_runs_of_another_normalisation_stand_in_no_table_of_the_paper(
    tmp_path: Path, save_run: Callable[..., Path]
) -> None:
    save_run(tmp_path, "naive", 0, 0.4, norm="none")
    with pytest.raises(NoFinishedRunError):
        paper_report(tmp_path, "default")


def test_every_quotation_has_the_number_of_its_remark(report: Report) -> None:
    comparable = {(q.benchmark, q.value): set[str]() for q in QUOTED}
    for quoted in QUOTED:
        comparable[quoted.benchmark, quoted.value].add(quoted.comparable)
    names = {BENCHMARKS[name].title: name for name in BENCHMARKS}
    seen = 0
    for table in of_numbers(report):
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
    aware = of_numbers(paper_report(tmp_path, "default"))[0]
    assert [row[0].text for row in aware.rows][:3] == ["HAT", "EWC", "SI"]


def test_the_template_is_given_what_it_reads(report: Report) -> None:
    assert report.template == TEMPLATE
    read = set(re.findall(r"\bdata\.(\w+)", TEMPLATE.read_text()))
    assert read == {*report.content, "figures"}


def test_each_table_and_figure_of_the_paper_is_there_or_says_how_to_measure_it(
    report: Report, tmp_path: Path
) -> None:
    drawn = {figure.section for figure in report.draw(tmp_path / "figures", ["pdf"])}
    assert drawn == {ANSWER}  # only Split-MNIST was measured
    originals = report.content["originals"]
    assert list(originals) == ["figure-1", "figure-2", "supplement-figure-1"]
    for original in originals.values():
        assert original["command"].startswith("python -m harness.compare --benchmark ")
    titles = " ".join(table.title for table in report.tables)
    for name in ("Table 1", "Table 2", "Table 3", "Supplement Table 1", "Verdicts"):
        assert name in titles


def test_every_claim_has_a_verdict_or_a_command(report: Report) -> None:
    tally = report.tables[0]
    words = tally.head[1:]
    [numbers, _, statements] = [[int(cell.text) for cell in row[1:]] for row in tally.rows]
    assert sum(numbers) == sum(len(quoted.scenarios) for quoted in QUOTED)
    judged = [table for table in report.tables if table.title == "Verdicts"]
    assert sum(statements) >= 14
    place = list(judged[-1].head).index("Verdict")
    assert {row[place].text for row in judged[-1].rows} <= set(words)
    [missing] = [table for table in report.tables if table.title == "Not measured"]
    commands = ("python -m harness.compare ", "python -m harness.ablation ")
    assert all(row[-1].text.startswith(commands) for row in missing.rows)


def test_a_method_that_was_not_measured_has_its_title(report: Report) -> None:
    names = {row[0].text for table in of_numbers(report) for row in table.rows}
    assert "RMN (no labels)" in names
    assert "RMN_UNSUPERVISED" not in names


def test_files_are_named_by_the_profile(report: Report) -> None:
    assert report.stem == "paper"
    assert set(report.data["profile"]) == {"default"}


def test_nothing_measured_is_no_report(results: Path) -> None:
    with pytest.raises(NoFinishedRunError):
        paper_report(results, "paper")
