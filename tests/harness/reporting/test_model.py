"""What every report promises to every format, checked on the reports that there are."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from pathlib import Path

import pandas as pd
import pytest

from harness.reporting.benchmark_report import benchmark_report
from harness.reporting.model import Report, Table, Text
from harness.reporting.paper_report import paper_report


@pytest.fixture(scope="module", params=["benchmark", "paper"])
def report(request: pytest.FixtureRequest, results: Path) -> Report:
    if request.param == "benchmark":
        return benchmark_report(results, "split_mnist", "default")
    return paper_report(results, "default")


def test_every_row_has_a_text_for_every_column(report: Report) -> None:
    assert report.tables
    for table in report.tables:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.head)}
        assert all(isinstance(cell, Text) for row in table.rows for cell in row)
        assert table.left <= set(range(len(table.head)))


def test_the_data_are_tidy(report: Report) -> None:
    assert isinstance(report.data, pd.DataFrame)
    keys = {"benchmark", "profile", "table", "method", "setting", "scenario", "metric", "norm"}
    assert not report.data.duplicated(sorted(keys & set(report.data.columns))).any()
    [mean] = [name for name in report.data.columns if name.startswith("mean_")]
    assert (report.data[mean].dropna().abs() < 1e6).all()


def test_every_seed_is_at_hand_with_the_id_of_its_run(report: Report) -> None:
    keys = ["benchmark", "scenario", "method", "setting", "norm", "metric", "seed"]
    assert not report.per_seed.duplicated(keys).any()
    assert report.per_seed["run_id"].str.fullmatch("[0-9a-f]{16}").all()


def test_the_template_and_its_content_can_be_written_down(report: Report) -> None:
    assert report.template.suffix == ".typ"
    assert json.loads(json.dumps(report.content))


def test_a_title_is_one_line_and_a_stem_names_files(report: Report) -> None:
    assert report.title == report.title.strip()
    assert len(report.title.splitlines()) == 1
    assert "/" not in report.stem


def test_a_report_without_figures_draws_none(tmp_path: Path) -> None:
    bare = Report("stem", "title", (), pd.DataFrame(), tmp_path / "t.typ", {})
    assert list(bare.draw(tmp_path, ["pdf"])) == []
    assert bare.damaged == {}


def test_tables_and_texts_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Text("1").bold = True  # type: ignore[misc]
    assert Table("", ["Method"], []).left == {0}
