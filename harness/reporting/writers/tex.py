"""Reports as LaTeX tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from harness.reporting.model import Report, Table, Text
from harness.reporting.writer import register_writer

_ESCAPED: Final = str.maketrans(
    {
        **{plain: f"\\{plain}" for plain in "&%$#_{}"},
        "\\": "\\textbackslash{}",
        "~": "\\textasciitilde{}",
        "^": "\\textasciicircum{}",
        "±": "$\\pm$",
        "–": "--",
    }
)


@register_writer("tex")
def write_tex(report: Report, path: Path) -> None:
    """Write a booktabs tabular for each table.

    Args:
        report: what to write.
        path: of the file.
    """
    lines = [f"% {report.title}; needs \\usepackage{{booktabs}}"]
    for table in report.tables:
        lines += _lines(table)
    path.write_text("\n".join(lines) + "\n")


def _lines(table: Table) -> Iterator[str]:
    if table.title:
        yield f"% {table.title}"
    columns = "".join("l" if column in table.left else "r" for column in range(len(table.head)))
    yield f"\\begin{{tabular}}{{{columns}}}"
    yield "\\toprule"
    yield _row([_escape(title) for title in table.head])
    yield "\\midrule"
    for row in table.rows:
        yield _row([_marked(cell) for cell in row])
    yield "\\bottomrule"
    yield "\\end{tabular}"
    yield from (f"% [{number}] {note}" for number, note in enumerate(table.notes, start=1))


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + " \\\\"


def _marked(cell: Text) -> str:
    text = f"\\textbf{{{_escape(cell.text)}}}" if cell.bold else _escape(cell.text)
    return " ".join(
        filter(None, [text, f"\\textit{{{_escape(cell.quoted)}}}" if cell.quoted else ""])
    )


def _escape(text: str) -> str:
    return text.translate(_ESCAPED)
