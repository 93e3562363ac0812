"""Where commands print tables, and how they print sentences below them."""

from __future__ import annotations

import os
import sys
from typing import Final

from rich.console import Console
from rich.text import Text

_WIDTH: Final = 80


def output() -> Console:
    """For tables; in a file or a pipe as wide as `COLUMNS` says, 80 columns without it."""
    columns = os.environ.get("COLUMNS", "")
    # cron and some terminals set it to 0, and nothing at all would be shown
    none = columns.isdecimal() and int(columns) == 0
    return Console(file=sys.stdout, width=_WIDTH if none else None)


def end_quietly() -> None:
    """Write nothing more to standard output, whose reader, such as `| head`, has read enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def wrapped(out: Console, text: str) -> None:
    """Print text as it is, broken between words where it is wider than the console.

    Args:
        out: takes it.
        text: without markup.
    """
    out.print(Text(text), highlight=False)
