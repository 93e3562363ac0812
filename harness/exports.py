"""The leaderboard as Markdown, CSV and LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pandas as pd

from harness.tables import COLUMNS, Leaderboard

_HEAD: Final = ("Method", "Seeds")
_TAIL: Final = ("Task inferred by", "Paper (quoted)")


def markdown(board: Leaderboard) -> str:
    """A table with a heading that names benchmark and profile; best values bold."""
    titles = [*_HEAD, *(column.title for column in COLUMNS), *_TAIL]
    lines = [f"## {board.benchmark}, profile {board.profile}", ""]
    lines += ["| " + " | ".join(titles) + " |", "|" + " --- |" * len(titles)]
    for entry in board.entries:
        pairs = zip(entry.texts(), entry.cells, strict=True)
        marked = [f"**{text}**" if cell.best else text for text, cell in pairs]
        cells = [entry.title, str(entry.seeds), *marked, entry.rule, entry.paper]
        lines.append("| " + " | ".join(cells) + " |")
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
            "paper_quoted": entry.paper if column.metric == "acc" else "",
        }
        for entry in board.entries
        for column, cell in zip(COLUMNS, entry.cells, strict=True)
    ]
    return pd.DataFrame(lines).to_csv(index=False)


def tex(board: Leaderboard) -> str:
    """A booktabs tabular."""
    titles = [*_HEAD, *(column.title for column in COLUMNS), *_TAIL]
    lines = [
        f"% {board.benchmark}, profile {board.profile}; needs \\usepackage{{booktabs}}",
        "\\begin{tabular}{lr" + "r" * len(COLUMNS) + "lr}",
        "\\toprule",
        " & ".join(map(_escape, titles)) + " \\\\",
        "\\midrule",
    ]
    for entry in board.entries:
        pairs = zip(entry.texts(), entry.cells, strict=True)
        marked = [f"\\textbf{{{_escape(t)}}}" if c.best else _escape(t) for t, c in pairs]
        cells = [_escape(entry.title), str(entry.seeds), *marked, entry.rule, _escape(entry.paper)]
        lines.append(" & ".join(cells) + " \\\\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


def _escape(text: str) -> str:
    for plain, escaped in (("%", "\\%"), ("_", "\\_"), ("±", "$\\pm$"), ("–", "--")):
        text = text.replace(plain, escaped)
    return text


EXPORTS: Final[dict[str, Callable[[Leaderboard], str]]] = {
    "md": markdown,
    "csv": csv,
    "tex": tex,
}
