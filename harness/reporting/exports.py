"""The leaderboard as Markdown, CSV and LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pandas as pd

from harness.analysis.leaderboard import LEADERBOARD, Entry, Leaderboard, columns_of
from harness.storage.schema import TASK_AGNOSTIC, TASK_AWARE

_HEAD: Final = ("Method", "Seeds")
_TAIL: Final = ("Task inferred by", "Paper, task-aware (quoted)", "Paper, task-agnostic (quoted)")


def markdown(board: Leaderboard) -> str:
    """A table with a heading that names benchmark and profile; best values bold."""
    titles = [*_HEAD, *(column.title for column in columns_of(*LEADERBOARD)), *_TAIL]
    lines = [f"## {board.benchmark}, profile {board.profile}", ""]
    lines += ["| " + " | ".join(titles) + " |", "|" + " --- |" * len(titles)]
    for entry in board.entries:
        lines.append("| " + " | ".join(_cells(entry, "**{}**")) + " |")
    return "\n".join(lines) + "\n"


def csv(board: Leaderboard) -> str:
    """One line per method and metric with regime, mean and half width in the metric's own unit."""
    lines = [
        {
            "benchmark": board.benchmark,
            "profile": board.profile,
            "method": entry.title,
            "seeds": entry.seeds,
            "regime": column.regime,
            "rule": entry.rule if column.regime == "task-agnostic" else "",
            "metric": column.metric,
            "mean": cell.mean,
            "half_width": cell.half_width,
            "best": cell.best,
            "paper_quoted": entry.paper(column.regime) if column.metric == "acc" else "",
        }
        for entry in board.entries
        for column, cell in entry.cells.items()
    ]
    return pd.DataFrame(lines).to_csv(index=False)


def tex(board: Leaderboard) -> str:
    """A booktabs tabular."""
    titles = [*_HEAD, *(column.title for column in columns_of(*LEADERBOARD)), *_TAIL]
    lines = [
        f"% {board.benchmark}, profile {board.profile}; needs \\usepackage{{booktabs}}",
        "\\begin{tabular}{lr" + "r" * len(columns_of(*LEADERBOARD)) + "lrr}",
        "\\toprule",
        " & ".join(map(_escape, titles)) + " \\\\",
        "\\midrule",
    ]
    for entry in board.entries:
        cells = [_escape(cell) for cell in _cells(entry, "\\textbf{{{}}}")]
        lines.append(" & ".join(cells) + " \\\\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


def _cells(entry: Entry, bold: str) -> list[str]:
    """A line of the table; the best values as the format `bold` has them."""
    marked = [
        bold.format(entry.text(column)) if cell.best else entry.text(column)
        for column, cell in entry.cells.items()
    ]
    papers = [entry.paper(regime) for regime in (TASK_AWARE, TASK_AGNOSTIC)]
    return [entry.title, str(entry.seeds), *marked, entry.rule, *papers]


def _escape(text: str) -> str:
    for plain, escaped in (("%", "\\%"), ("_", "\\_"), ("±", "$\\pm$"), ("–", "--")):
        text = text.replace(plain, escaped)
    return text


EXPORTS: Final[dict[str, Callable[[Leaderboard], str]]] = {
    "md": markdown,
    "csv": csv,
    "tex": tex,
}
