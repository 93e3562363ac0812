"""What every command says of damaged and foreign things: what they are, and what to type next."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from harness.cli.results_options import PROGRAM
from harness.storage.record import NEWER

_RUN_ID: Final = "[0-9a-f]{16}"
_SHOWN: Final = 3
"""So many commands that delete a folder are shown; `verify` names all folders."""


def about_damage(damaged: Mapping[Path, str], results: Path) -> Iterator[str]:
    """Lines that name what was left alone.

    Args:
        damaged: folders and files, with the reason.
        results: the folder that they are in.
    """
    for path, reason in damaged.items():
        yield f"{path} is damaged and left alone: {reason}"
    if not damaged:
        return
    yield f"{PROGRAM} verify{option_of(results)} names all that is damaged."
    folders = [path for path, reason in damaged.items() if NEWER not in reason]
    commands = [_deleting(path, results) for path in folders if re.fullmatch(_RUN_ID, path.name)]
    if commands:
        yield "A damaged folder of a run can be deleted, so that the run is made again:"
        yield from commands[:_SHOWN]


def _deleting(path: Path, results: Path) -> str:
    """What deletes this folder, and no other one that has the same id."""
    benchmark, profile, method, run_id = path.absolute().parts[-4:]
    place = f"--benchmark {shlex.quote(benchmark)} --profile {shlex.quote(profile)}"
    place += f" --method {shlex.quote(method)} --place folder"
    return f"  {PROGRAM} delete {run_id} {place}{option_of(results)}"


def option_of(results: Path) -> str:
    """The option that names a results folder, with a blank before it; "" for the default one."""
    return "" if results == Path("results") else f" --results {shlex.quote(str(results))}"
