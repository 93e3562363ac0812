"""`python -m harness.compare`: make the runs that are missing, then show the comparison."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Console

from harness.cli.comparison import ComparisonRequest, read_comparison
from harness.cli.damage import about_damage, option_of
from harness.cli.orchestration import (
    FINISHED,
    INCOMPLETE,
    TO_RUN,
    exit_status,
    make_missing,
    states,
    unfinished,
)
from harness.cli.plan_table import plan_table
from harness.cli.progress_display import duration, say
from harness.config.budgets import AUTO
from harness.config.run import Run
from harness.storage import provenance

if TYPE_CHECKING:
    from harness.storage.store import Results, Survey

_WIDE: Final = 280
"""Columns of a table that goes to a file or a pipe."""


def main(argv: Sequence[str]) -> int:
    """Do what the command line asks for; the exit status.

    Raises:
        SystemExit: for a wrong argument and for --help.
    """
    request = read_comparison(argv, provenance.origin(argv, "harness.compare"))
    log = Console(stderr=True)
    return exit_status(lambda: _compare(request, log), log)


def _compare(request: ComparisonRequest, log: Console) -> int:
    from harness.storage import store  # imports pandas; a wrong argument need not wait for it

    if request.plan:
        return _show_plan(request, log)
    make_missing(request.runs, request.config, request.executor, log, request.retry_failed)
    results = store.read(request.config.results, request.benchmark.name, request.profile)
    if not results.rows.empty:
        _show(results, request)
    return _account(results, request, log)


def _show_plan(request: ComparisonRequest, log: Console) -> int:
    from harness.storage import store

    survey = store.survey(request.config.results, request.benchmark.name, request.profile)
    found = states(request.runs, survey, request.retry_failed)
    if request.runs:
        budget = request.budget.identity().items()
        shown = ", ".join(
            f"{name}={value}" for name, value in budget if value is not None and value != AUTO
        )
        say(_out(), f"Budget of all: {shown}")
    checkpoints = unfinished(request.runs, request.config)
    _out().print(plan_table(list(zip(request.runs, found, strict=True)), checkpoints))
    say(_out(), f"{found.count(TO_RUN)} of {len(found)} runs to make.")
    left = [run for run, state in zip(request.runs, found, strict=True) if state == TO_RUN]
    for line in (_expected(left, survey), _in_progress(left, request)):
        if line:
            say(_out(), line)
    for line in about_damage(survey.damaged, request.config.results):
        say(log, line)
    return FINISHED


def _expected(left: Sequence[Run], survey: Survey) -> str:
    """What the runs that are left will cost; "" if nothing is known of them."""
    from harness.analysis.cost import expected_cost

    cost = expected_cost([(run.scenario, run.baseline) for run in left], survey.records.values())
    if cost.untimed == cost.runs:
        return ""
    uncounted = f"; {cost.untimed} runs whose method has none are not counted"
    return (
        f"One worker needs about {duration(cost.seconds)}, by stored runs of the same methods"
        f"{uncounted if cost.untimed else ''}."
    )


def _in_progress(left: Sequence[Run], request: ComparisonRequest) -> str:
    """Which of the runs that are left are being made by other commands; "" if none is."""
    from harness.storage.claims import holder

    holders = [holder(request.config.results, run) for run in left]
    present = [by for by in holders if by]
    if not present:
        return ""
    return f"{len(present)} of them are being made now: {', '.join(sorted(set(present)))}."


def _show(results: Results, request: ComparisonRequest) -> None:
    from harness.analysis.comparisons import comparisons
    from harness.analysis.leaderboard import leaderboard
    from harness.analysis.selection import select
    from harness.reporting.terminal import leaderboard_table, legend

    compared = comparisons(select(results))
    boards = [leaderboard(one) for one in compared if one.scenario in request.scenarios]
    for board in boards:
        _out().print(leaderboard_table(board))
    if boards:
        say(_out(), legend(boards))
    if request.report:
        from harness.reporting.benchmark_report import benchmark_report
        from harness.reporting.writer import write

        report = benchmark_report(request.config.results, request.benchmark.name, request.profile)
        say(_out(), str(write(report, "pdf", request.reports)))


def _account(results: Results, request: ComparisonRequest, log: Console) -> int:
    """Name the runs without results, and say how to get them; the exit status."""
    from harness.storage import store

    asked = {run.id: run for run in request.runs}
    stored = {record.run.id: record.status for record in results.records}
    failed = {
        run_id: status
        for run_id, status in stored.items()
        if status != "finished" and run_id in asked
    }
    where = option_of(request.config.results)
    for run_id, status in failed.items():
        why = f"python -m harness.results show {run_id}{where} says why"
        say(log, f"{asked[run_id]} {status}; {why}")
    if failed:
        say(log, "To run failed runs again, add --retry-failed to the same command.")
    lost = [
        run
        for run_id, run in asked.items()
        if run_id not in stored and store.status(request.config.results, run) == "missing"
    ]
    for run in lost:
        say(log, f"{run} has no result; the same command makes it again")
    for line in about_damage(results.damaged, request.config.results):
        say(log, line)
    return INCOMPLETE if failed or lost or results.damaged else FINISHED


def _out() -> Console:
    out = Console()
    return out if out.is_terminal else Console(width=_WIDE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
