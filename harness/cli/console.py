"""Where commands print tables, and how they print sentences below them."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.text import Text


def output() -> Console:
    """For tables; in a file or a pipe as wide as `COLUMNS` says, 80 columns without it."""
    return Console(file=sys.stdout)


def wrapped(out: Console, text: str) -> None:
    """Print text as it is, broken between words where it is wider than the console.

    Args:
        out: takes it.
        text: without markup.
    """
    out.print(Text(text), highlight=False)
