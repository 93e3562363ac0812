"""Writers are found by registration, and a file is replaced only when all went well."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import harness.reporting.writers
from harness.reporting import writer
from harness.reporting.model import Report
from harness.reporting.writer import register_writer, write, writers

REPORT = Report("stem", "A title", (), pd.DataFrame(), Path("none.typ"), {})


@pytest.fixture(autouse=True)
def _undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(writer._WRITERS, "entries", writers())


def test_every_module_of_the_package_is_a_format() -> None:
    [folder] = harness.reporting.writers.__path__
    modules = [path for path in Path(folder).glob("*.py") if path.stem != "__init__"]
    assert len(writers()) == len(modules) > 3
    assert list(writers()) == sorted(writers())


def test_two_writers_for_one_ending_are_refused() -> None:
    with pytest.raises(ValueError, match="'md'"):
        register_writer("md")(lambda report, path: None)


def test_a_file_is_named_by_the_reports_stem_and_the_ending(tmp_path: Path) -> None:
    def write_title(report: Report, path: Path) -> None:
        path.write_text(report.title)

    register_writer("txt")(write_title)
    path = write(REPORT, "txt", tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "stem.txt"
    assert path.read_text() == "A title"
    assert list(path.parent.iterdir()) == [path]


def test_a_writer_that_fails_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    def fail(report: Report, path: Path) -> None:
        path.write_text("half of it")
        raise RuntimeError("the other half")

    register_writer("txt")(fail)
    (tmp_path / "stem.txt").write_text("whole")
    with pytest.raises(RuntimeError, match="the other half"):
        write(REPORT, "txt", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["stem.txt"]
    assert (tmp_path / "stem.txt").read_text() == "whole"


def test_a_folder_that_is_a_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        write(REPORT, "md", tmp_path / "file")
