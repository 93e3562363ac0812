"""`python -m harness.compare`: make the runs that are missing, then show the comparison."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from harness.cli import request as arguments
from harness.cli.progress_display import INTERRUPTION, display, plan_table
from harness.cli.request import Request
from harness.config.plan import part, plan
from harness.config.run import Run
from harness.execution.local import RefusedError, execute
from harness.execution.worker import Order
from harness.storage import provenance

if TYPE_CHECKING:
    from harness.storage.store import Results

FINISHED: Final = 0
INCOMPLETE: Final = 1
REFUSED: Final = 2
INTERRUPTED: Final = 130

_WIDE: Final = 280
"""Columns of a table that goes to a file or a pipe."""


def main(words: Sequence[str]) -> int:
    """Do what the words after the program's name ask; the exit status.

    Raises:
        SystemExit: for a wrong argument and for --help.
    """
    request = arguments.read(words)
    log = Console(stderr=True)
    try:
        return _compare(request, provenance.origin(words), log)
    except RefusedError as error:
        _say(log, f"error: {error}")
        return REFUSED
    except KeyboardInterrupt:
        _say(log, INTERRUPTION)
        return INTERRUPTED


def _compare(request: Request, origin: dict[str, object], log: Console) -> int:
    from harness.storage import (
        schema,
        store,  # import pandas; a wrong argument need not wait for it
    )

    runs = part(
        plan(
            request.benchmark,
            request.profile,
            request.methods,
            request.settings,
            request.seeds,
            schema.VERSION,
        ),
        *request.part,
    )
    states = _states(runs, request)
    missing = [run for run, state in states if state == "to run"]
    if request.plan:
        if runs:
            _say(_out(), f"Budget of all: {_words(runs[0].training)}")
        _out().print(plan_table(states))
        _say(_out(), f"{len(missing)} of {len(runs)} runs to make.")
        return FINISHED
    if missing:
        order = Order(request.results, request.data, request.device, origin, request.threads)
        with display(log, len(missing)) as watcher:
            execute(missing, order, request.jobs, watcher)
    results = store.read(request.results, request.benchmark.name, request.profile)
    if not results.rows.empty:
        _show(results, request)
    return _account(runs, results, request, log)


def _words(budget: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in budget.items() if value is not None)


def _states(runs: Sequence[Run], request: Request) -> list[tuple[Run, str]]:
    from harness.storage import store

    again = {"missing"} | ({"failed"} if request.retry_failed else set())
    states = ((run, store.status(request.results, run)) for run in runs)
    return [(run, "to run" if state in again else state) for run, state in states]


def _show(results: Results, request: Request) -> None:
    from harness.reporting.terminal import leaderboard_table

    out = _out()
    out.print(leaderboard_table(results, out.width))
    if request.report:
        from harness.report import make_report

        name = request.benchmark.name
        for path in make_report(request.results, request.reports, name, request.profile, ("pdf",)):
            _say(_out(), str(path))


def _account(runs: Sequence[Run], results: Results, request: Request, log: Console) -> int:
    """Name the runs without results, and say how to get them; the exit status."""
    from harness.storage import store

    folders = {store.folder(request.results, run): run for run in runs}
    failures = {record.run.id for record in results.records if record.status == "failed"}
    failed = {folder: run for folder, run in folders.items() if run.id in failures}
    for folder, run in failed.items():
        _say(log, f"{run} failed; the reason is in {folder / store.RECORD}")
    if failed:
        _say(log, "To run failed runs again, add --retry-failed to the same command.")
    for folder, reason in results.damaged.items():
        _say(log, f"{folder} is damaged and left alone ({reason}); delete it to run it again.")
    return INCOMPLETE if failed or folders.keys() & results.damaged.keys() else FINISHED


def _out() -> Console:
    out = Console()
    return out if out.is_terminal else Console(width=_WIDE)


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, markup=False, highlight=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
