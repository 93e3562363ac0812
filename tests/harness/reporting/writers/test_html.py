"""HTML pages: whole, small, always the same, and nothing in them but what is meant."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.reporting.benchmark_report import benchmark_report
from harness.reporting.model import Chart, Report, RunDetails, Table, Text
from harness.reporting.writer import write

LARGEST = 3_000_000  # bytes
VOID = {"meta", "link", "input", "br", "img"}


class Reader(HTMLParser):
    """Elements, addresses and the texts of table cells; fails where elements do not nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [given[name] or "" for name in ("href", "src") if name in given]
        self.ids += [given["id"] or ""] if "id" in given else []
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open):
            self.cells[-1] += data


def read(path: Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    assert reader.open == []
    return reader


def embedded(path: Path) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', path.read_text())
    assert found
    return json.loads(found[1])


@pytest.fixture(scope="module")
def page(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    report = benchmark_report(results, "split_mnist", "default")
    return write(report, "html", tmp_path_factory.mktemp("one"))


def test_the_same_results_give_the_same_bytes(page: Path, results: Path, tmp_path: Path) -> None:
    again = write(benchmark_report(results, "split_mnist", "default"), "html", tmp_path)
    assert again.read_bytes() == page.read_bytes()


def test_a_page_is_whole_and_loads_nothing(page: Path) -> None:
    reader = read(page)
    assert page.stat().st_size < LARGEST
    assert len(reader.ids) == len(set(reader.ids))
    for address in reader.addresses:
        if address.startswith("#run-"):
            assert address.removeprefix("#run-") in embedded(page)["runs"]
        elif address.startswith("#"):
            assert address[1:] in reader.ids
        else:  # links that a reader may follow, to the libraries
            assert address in ("data:,", "https://vega.github.io", "https://datatables.net")


def test_tables_are_those_of_the_report(page: Path, results: Path) -> None:
    cells = [cell.strip() for cell in read(page).cells]
    for table in benchmark_report(results, "split_mnist", "default").tables:
        assert set(table.head) <= set(cells)
        assert {text.text for row in table.rows for text in row} <= {*cells, ""}


def test_awkward_texts_are_shown_as_they_are(awkward: Report, tmp_path: Path) -> None:
    path = write(awkward, "html", tmp_path)
    texts = [text for table in awkward.tables for row in table.rows for text in row]
    cells = [" ".join(cell.split()) for cell in read(path).cells]
    for text in texts:
        assert " ".join(f"{text.text} {text.quoted}".split()) in cells
    assert html.escape(awkward.title) in path.read_text()


def test_data_cannot_end_their_element(awkward: Report, tmp_path: Path) -> None:
    hostile = "</script><script>alert(1)</script>"
    chart = Chart(hostile, hostile, "", pd.DataFrame({hostile: [hostile]}), {"mark": "point"})
    run = RunDetails("0", hostile, "", 0, "failed", {}, [], {}, error=hostile)
    report = replace(awkward, charts=lambda: [chart], runs=lambda: [run])
    path = write(report, "html", tmp_path)
    assert embedded(path)["runs"]["0"]["error"] == hostile
    assert embedded(path)["charts"][0]["columns"] == {hostile: [hostile]}
    assert "alert(1)</script" not in path.read_text()
    read(path)


def test_a_matrix_is_stored_from_its_first_test_to_its_last(
    awkward: Report, tmp_path: Path
) -> None:
    nan = float("nan")
    matrix = [[nan, nan, nan], [nan, 2.5, nan], [1.0, nan, 3.0]]
    run = RunDetails("0", "RMN", "", 0, "finished", {}, matrix, {})
    path = write(replace(awkward, runs=lambda: [run]), "html", tmp_path)
    assert embedded(path)["runs"]["0"]["matrix"] == [[], [2, 2.5], [1, 1.0, None, 3.0]]


def test_five_hundred_runs_of_twenty_tasks_are_under_three_megabytes(
    awkward: Report, results: Path, tmp_path: Path
) -> None:
    charts = benchmark_report(results, "split_mnist", "default").charts
    facts = {"Budget": {f"setting {number}": number for number in range(20)}}
    metrics = {f"Metric {number}": "12.34 ± 0.56" for number in range(15)}
    nan = float("nan")
    matrix = [[98.76 if task <= after else nan for task in range(20)] for after in range(20)]
    runs = [
        RunDetails(f"{number:016x}", "RMN", "task-il", number, "finished", metrics, matrix, facts)
        for number in range(500)
    ]
    report = replace(awkward, charts=charts, runs=lambda: runs)
    assert write(report, "html", tmp_path).stat().st_size < LARGEST


def test_rows_that_share_a_title_all_have_it(awkward: Report, tmp_path: Path) -> None:
    rows = [[Text(title)] for title in ("RMN", "", "EWC", "")]
    path = write(replace(awkward, tables=[Table("", ["Method"], rows)]), "html", tmp_path)
    assert read(path).cells == ["Method", "RMN", "RMN", "EWC", "EWC"]


def test_numbers_are_sorted_as_numbers_and_tables_of_a_title_stand_together(
    awkward: Report, tmp_path: Path
) -> None:
    texts = ["99.5 ± 0.2 (n=5)", "–", "-1,234.5", "7"]
    rows = [[Text("RMN"), Text(text)] for text in texts]
    tables = [Table("One", ["Method", "ACC"], rows), Table("One", ["Method"], [[Text("EWC")]])]
    path = write(replace(awkward, tables=tables), "html", tmp_path)
    assert re.findall('data-order="(.*?)"', path.read_text()) == ["99.5", "-1234.5", "7.0"]
    assert path.read_text().count("<h2>One</h2>") == 1
    assert [part for part in read(path).ids if part.startswith("part-")] == ["part-1"]
