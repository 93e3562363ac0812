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
        "|": "\\textbar{}",
        "<": "\\textless{}",
        ">": "\\textgreater{}",
        "\n": " ",
        "\r": " ",
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
    lines = [f"% {_one_line(report.title)}; needs \\usepackage{{booktabs}}"]
    for table in report.tables:
        lines += _lines(table)
    path.write_text("\n".join(lines) + "\n")


def _lines(table: Table) -> Iterator[str]:
    if table.title:
        yield f"% {_one_line(table.title)}"
    if table.summary:
        yield f"% {_one_line(table.summary)}"
    columns = "".join("l" if column in table.left else "r" for column in range(len(table.head)))
    yield f"\\begin{{tabular}}{{{columns}}}"
    yield "\\toprule"
    yield _row([_escape(title) for title in table.head])
    yield "\\midrule"
    for row in table.rows:
        yield _row([_marked(cell) for cell in row])
    yield "\\bottomrule"
    yield "\\end{tabular}"
    yield from (
        f"% [{number}] {_one_line(note)}" for number, note in enumerate(table.notes, start=1)
    )


def _row(cells: Sequence[str]) -> str:
    first = "{}" if cells[0].startswith(("[", "*")) else ""  # else the line before takes them
    return first + " & ".join(cells) + " \\\\"


def _marked(cell: Text) -> str:
    text = f"\\textbf{{{_escape(cell.text)}}}" if cell.bold else _escape(cell.text)
    return " ".join(
        filter(None, [text, f"\\textit{{{_escape(cell.quoted)}}}" if cell.quoted else ""])
    )


def _escape(text: str) -> str:
    return text.translate(_ESCAPED)


def _one_line(text: str) -> str:
    """A comment ends with its line."""
    return " ".join(text.split())
