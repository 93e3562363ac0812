"""Reports as Markdown: best values bold, quoted numbers in italics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.reporting.model import Report, Table, Text
from harness.reporting.writer import register_writer


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
    yield _row(table.head)
    yield _row("---" if column in table.left else "---:" for column in range(len(table.head)))
    for row in table.rows:
        yield _row(map(_marked, row))
    yield ""
    if table.notes:
        yield from (f"{number}. {note}" for number, note in enumerate(table.notes, start=1))
        yield ""


def _row(cells: Sequence[str] | Iterator[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _marked(cell: Text) -> str:
    text = f"**{cell.text}**" if cell.bold else cell.text
    return " ".join(filter(None, [text, f"*{cell.quoted}*" if cell.quoted else ""]))
