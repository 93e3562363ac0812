"""Reports as Markdown: best values bold, quoted numbers in italics."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from harness.reporting.markdown_table import markdown_lines
from harness.reporting.model import Report, Table, Text
from harness.reporting.writer import register_writer

_ESCAPED: Final = str.maketrans(
    {**{plain: f"\\{plain}" for plain in "\\`*|<>~$#&"}, "\n": " ", "\r": " "}
)
_UNDERSCORE: Final = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
"""Within a word it marks nothing."""
_LINK: Final = re.compile(r"\](?=[(\[:])")


@register_writer("md")
def write_markdown(report: Report, path: Path) -> None:
    """Write what the report found and its tables; those of one section share its title.

    Args:
        report: what to write.
        path: of the file.
    """
    lines = [f"# {_escape(report.title)}", ""]
    for paragraph in report.lead:
        lines += [_escape(paragraph), ""]
    title = ""
    for table in report.tables:
        lines += table_lines(replace(table, title="") if table.title == title else table)
        title = table.title
    path.write_text("\n".join(lines))


def table_lines(table: Table) -> Iterator[str]:
    """A table in Markdown, line by line, with its title and notes."""
    if table.title:
        yield from (f"## {_escape(table.title)}", "")
    if table.summary:
        yield from (_escape(table.summary), "")
    head, rows = list(map(_escape, table.head)), (list(map(_marked, row)) for row in table.rows)
    yield from markdown_lines((head, *rows), words=table.left)
    yield ""
    if table.notes:
        yield from (
            f"{number}. {_escape(note)}" for number, note in enumerate(table.notes, start=1)
        )
        yield ""


def _marked(cell: Text) -> str:
    text, quoted = _escape(cell.text), _escape(cell.quoted)
    marked = [f"**{text}**" if cell.bold else text, f"*{quoted}*" if quoted else ""]
    return " ".join(filter(None, marked))


def _escape(text: str) -> str:
    """The text, so that Markdown shows it as it is and on one line."""
    return _LINK.sub("\\\\]", _UNDERSCORE.sub("\\\\_", text.translate(_ESCAPED)))
