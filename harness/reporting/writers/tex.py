"""Reports as LaTeX tables that compile in `article` and the classes made from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from pathlib import Path
from textwrap import wrap
from typing import Final

from harness.reporting.model import Report, Table, Text
from harness.reporting.writer import register_writer

_GAP: Final = "\N{WORD JOINER}"
"""Put between the dashes of a command, which LaTeX would join."""

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
        "“": "``",
        "”": "''",
        "\N{NO-BREAK SPACE}": "~",
        _GAP: "{}",
    }
)
_DASHES: Final = re.compile("--+")

_WIDE: Final = 24
"""Characters of a cell from which its column is a paragraph."""

_TITLE: Final = 16
"""Characters of a line in a column's title."""

_NOT_IN_A_LABEL: Final = re.compile("[^a-z0-9]+")


@register_writer("tex")
def write_tex(report: Report, path: Path) -> None:
    """Write a table environment with caption and label for each table of the report.

    Args:
        report: what to write.
        path: of the file.
    """
    lines = [
        f"% {_one_line(report.title)}",
        "% \\usepackage{booktabs,tabularx,graphicx} in the preamble; \\input this file, or copy",
        "% the tables that you need.",
    ]
    for number, table in enumerate(report.tables, start=1):
        lines += _lines(table, f"tab:{_label(report.stem)}-{number}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _lines(table: Table, label: str) -> Iterator[str]:
    widths = _paragraphs(table)
    yield ""
    yield "\\begin{table}[htbp]"
    yield "\\centering\\scriptsize\\setlength{\\tabcolsep}{3pt}"
    if caption := table.summary or table.title:
        yield f"\\caption{{{_escape(caption)}}}"
    yield f"\\label{{{label}}}"
    columns = "".join(_kind(column, table, widths) for column in range(len(table.head)))
    # paragraphs share what is left of the line; a table without any is shrunk to it
    if widths:
        yield f"\\begin{{tabularx}}{{\\linewidth}}{{{columns}}}"
    else:
        yield "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%"
        yield f"\\begin{{tabular}}{{{columns}}}"
    yield "\\toprule"
    sides = ["l" if column in table.left else "r" for column in range(len(table.head))]
    yield _row([_title(title, side) for title, side in zip(table.head, sides, strict=True)])
    yield "\\midrule"
    for row in table.rows:
        yield _row([_marked(cell) for cell in row])
    yield "\\bottomrule"
    yield "\\end{tabularx}" if widths else "\\end{tabular}}"
    for number, note in enumerate(table.notes, start=1):
        yield f"\\par [{number}] {_escape(note)}"
    yield "\\end{table}"


def _paragraphs(table: Table) -> dict[int, float]:
    """The columns with long texts, and how wide each is over their mean."""
    longest = {
        column: max(len(row[column].text) for row in table.rows) for column in sorted(table.left)
    }
    roots = {column: sqrt(length) for column, length in longest.items() if length > _WIDE}
    return {column: root * len(roots) / sum(roots.values()) for column, root in roots.items()}


def _kind(column: int, table: Table, widths: Mapping[int, float]) -> str:
    if column in widths:
        width = f"\\hsize={widths[column]:.3f}\\hsize"
        return f">{{{width}\\raggedright\\arraybackslash}}X"
    return "l" if column in table.left else "r"


def _title(title: str, side: str) -> str:
    return _stacked([_escape(line) for line in wrap(title, _TITLE)] or [""], side)


def _stacked(escaped: Sequence[str], side: str) -> str:
    """Lines below each other, at one side."""
    if len(escaped) == 1:
        return escaped[0]
    lines = " \\\\ ".join(escaped)
    return f"\\shortstack[{side}]{{{lines}}}"


def _row(cells: Sequence[str]) -> str:
    first = "{}" if cells[0].startswith(("[", "*")) else ""  # else the line before takes them
    return first + " & ".join(cells) + " \\\\"


def _marked(cell: Text) -> str:
    """What was measured above what is quoted."""
    text = f"\\textbf{{{_escape(cell.text)}}}" if cell.bold else _escape(cell.text)
    quoted = f"\\textit{{{_escape(cell.quoted)}}}" if cell.quoted else ""
    return _stacked([text, quoted] if quoted and cell.text else [text + quoted], "r")


def _escape(text: str) -> str:
    """As LaTeX prints it."""
    return _DASHES.sub(lambda found: _GAP.join(found[0]), text).translate(_ESCAPED)


def _label(stem: str) -> str:
    return _NOT_IN_A_LABEL.sub("-", stem.lower())


def _one_line(text: str) -> str:
    """A comment ends with its line."""
    return " ".join(text.split())
