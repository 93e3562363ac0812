"""A table whose cells are Markdown already."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence


def markdown_table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, words: Collection[int]
) -> str:
    """The table, without a line break at its end.

    Args:
        head: titles of the columns.
        rows: Markdown of each cell.
        words: numbers of the columns, from 0, that hold words; numbers stand at the right.
    """
    edges = ["---" if column in words else "---:" for column in range(len(head))]
    lines = [head, edges, *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )
