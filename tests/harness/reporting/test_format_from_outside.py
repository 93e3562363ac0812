"""A report format of another package is one file: both commands write it, nothing else changes."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import paper_tables, report
from harness.reporting import writer

OUTSIDE = '''
"""Reports as plain text: title, and one line for each row of each table."""

from harness.reporting.writer import register_writer


@register_writer("txt")
def write_text(report, path):
    rows = [row for table in report.tables for row in table.rows]
    lines = [" ".join(cell.text for cell in row) for row in rows]
    path.write_text("\\n".join([report.title, *lines]))
'''


@pytest.fixture
def _text_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The format is known during a test."""
    (tmp_path / "outside_format.py").write_text(OUTSIDE)
    monkeypatch.setattr(writer._WRITERS, "entries", writer.writers())
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("outside_format")
    yield
    del sys.modules["outside_format"]


@pytest.mark.usefixtures("_text_format")
def test_both_commands_write_it(results: Path, tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    argv = ["--results", str(results), "--reports", str(folder), "--format", "txt,md"]
    assert report.main(["--benchmark", "split_mnist", *argv]) == 0
    assert paper_tables.main(argv) == 0
    names = {path.name for path in folder.iterdir()}
    assert names == {f"{stem}.{end}" for stem in ("split_mnist", "paper") for end in ("txt", "md")}
    title, first, *_ = (folder / "split_mnist.txt").read_text().splitlines()
    assert title == "split_mnist, profile default"
    assert first.startswith("RMN 3 ")
    assert "RMN" in (folder / "paper.txt").read_text()


@pytest.mark.usefixtures("_text_format")
def test_help_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        report.main(["--help"])
    assert "txt" in capsys.readouterr().out


def test_without_its_file_it_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        report.main(["--benchmark", "split_mnist", "--format", "txt"])
    assert stop.value.code == 2
    assert "txt" in capsys.readouterr().err
