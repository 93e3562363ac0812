"""What every command says of damaged and foreign things: what they are, and what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.cli.results_options import PROGRAM


def about_damage(damaged: Mapping[Path, str], results: Path) -> Iterator[str]:
    """Lines that name what was left alone.

    Args:
        damaged: folders and files, with the reason.
        results: the folder that they are in.
    """
    for path, reason in damaged.items():
        yield f"{path} is damaged and left alone: {reason}"
    if damaged:
        where = option_of(results)
        yield (
            f"{PROGRAM} verify{where} names all that is damaged; {PROGRAM} delete --status damaged "
            f"--dry-run{where} shows which folders could be deleted."
        )


def option_of(results: Path) -> str:
    """The option that names a results folder, with a blank before it; "" for the default one."""
    return "" if results == Path("results") else f" --results {shlex.quote(str(results))}"
