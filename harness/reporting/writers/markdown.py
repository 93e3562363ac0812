"""Reports as Markdown: best values bold, quoted numbers in italics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from harness.reporting.model import Report, Table, Text
from harness.reporting.writer import register_writer

_ESCAPED: Final = str.maketrans({"|": "\\|", "*": "\\*"})


@register_writer("md")
def write_markdown(report: Report, path: Path) -> None:
    """Write the report's tables.

    Args:
        report: what to write.
        path: of the file.
    """
    lines = [f"# {report.title}", ""]
    for table in report.tables:
        lines += _lines(table)
    path.write_text("\n".join(lines))


def _lines(table: Table) -> Iterator[str]:
    if table.title:
        yield from (f"## {table.title}", "")
    yield _row(title.translate(_ESCAPED) for title in table.head)
    yield _row("---" if column in table.left else "---:" for column in range(len(table.head)))
    for row in table.rows:
        yield _row(map(_marked, row))
    yield ""
    if table.notes:
        yield from (f"{number}. {note}" for number, note in enumerate(table.notes, start=1))
        yield ""


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _marked(cell: Text) -> str:
    text, quoted = cell.text.translate(_ESCAPED), cell.quoted.translate(_ESCAPED)
    marked = [f"**{text}**" if cell.bold else text, f"*{quoted}*" if quoted else ""]
    return " ".join(filter(None, marked))
