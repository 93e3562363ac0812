"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence


def markdown_table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, words: Collection[int]
) -> str:
    """A table whose cells are Markdown but for their bars; without a line break at its end.

    Args:
        head: titles of the columns.
        rows: Markdown of each cell.
        words: numbers of the columns, from 0, that hold words; numbers stand at the right.
    """
    escaped = ([cell.replace("|", "\\|") for cell in line] for line in (head, *rows))
    return "\n".join(markdown_lines(escaped, words=words))


def markdown_lines(cells: Iterable[Sequence[str]], *, words: Collection[int]) -> Iterator[str]:
    """The lines of a table.

    Args:
        cells: Markdown of each, with no bare bar in it; those of the head come first.
        words: see `markdown_table`.
    """
    for number, line in enumerate(cells):
        yield f"| {' | '.join(line)} |"
        if number == 0:
            edges = ("---" if column in words else "---:" for column in range(len(line)))
            yield f"| {' | '.join(edges)} |"
