"""Markdown, read back by a parser of its own."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from harness.reporting.model import Report, Text
from harness.reporting.writers.markdown import write_markdown


def cells(line: str) -> list[str]:
    """Of a row of a table; an escaped pipe is no border."""
    assert line.startswith("| ")
    assert line.endswith(" |")
    return [part.strip() for part in re.split(r"(?<!\\)\|", line)[1:-1]]


def read(cell: str) -> Text:
    """A cell with its marks; escaped stars are no marks."""
    texts, mark = {"": "", "*": "", "**": ""}, ""
    for part in re.split(r"(?<!\\)(\*\*|\*)", cell):
        if part in ("*", "**"):
            mark = "" if mark else part
        else:
            texts[mark] += re.sub(r"\\([^\w\s]|_)", r"\1", part)
    assert not mark, cell
    return Text((texts["**"] or texts[""]).strip(), bool(texts["**"]), texts["*"])


def test_what_is_written_is_read_back(awkward: Report, tmp_path: Path) -> None:
    write_markdown(awkward, tmp_path / "a.md")
    lines = (tmp_path / "a.md").read_text().splitlines()
    assert lines[0] == "# A report"
    starts = [number for number, line in enumerate(lines) if line.startswith("| Method")]
    assert len(starts) == len(awkward.tables)
    for start, table in zip(starts, awkward.tables, strict=True):
        assert [read(cell).text for cell in cells(lines[start])] == list(table.head)
        aligned = ["---" if column in table.left else "---:" for column in range(len(table.head))]
        assert cells(lines[start + 1]) == aligned
        rows = lines[start + 2 : start + 2 + len(table.rows)]
        assert [[read(cell) for cell in cells(line)] for line in rows] == table.rows
        assert lines[start - 1] == ""  # a table needs an empty line above and below
        assert lines[start + 2 + len(table.rows)] == ""


def test_titles_and_notes_stand_around_their_table(awkward: Report, tmp_path: Path) -> None:
    write_markdown(awkward, tmp_path / "a.md")
    text = (tmp_path / "a.md").read_text()
    first, second = text.split("## Second")
    assert "1. " not in first
    assert second.strip().startswith("Of 50 % \\& more.\n\n| Method")
    assert second.rstrip().endswith("1. with the identity\n2. 100 % other")


def test_what_was_found_stands_first_and_a_section_has_one_title(
    awkward: Report, tmp_path: Path
) -> None:
    _, second = awkward.tables
    report = replace(awkward, tables=[second, second], lead=["Of 50 % & more."])
    write_markdown(report, tmp_path / "a.md")
    text = (tmp_path / "a.md").read_text()
    assert text.startswith("# A report\n\nOf 50 % \\& more.\n\n## Second\n")
    assert text.count("## Second") == 1
    assert text.count("| Method |") == 2
