"""What `python -m harness.compare` prints: the plan, the tables, and what it did for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from harness.cli.comparison import ComparisonRequest
from harness.cli.console import wrapped
from harness.cli.damage import about_damage, option_of
from harness.cli.expected_time import expected_time
from harness.cli.orchestration import TO_RUN, Attempt, cost_of, states, unfinished, workers
from harness.cli.plan_table import plan_table
from harness.cli.progress_display import duration, say
from harness.config.budgets import AUTO
from harness.config.run import Run
from harness.storage import provenance

if TYPE_CHECKING:  # pandas; a wrong argument need not wait for it
    from harness.analysis.leaderboard import Leaderboard
    from harness.storage.record import Record
    from harness.storage.store import Results

AGAIN = "again"
"""Folder in which whoever wants to see the runs made can have them made."""


def show_plan(request: ComparisonRequest, out: Console, log: Console) -> None:
    """Which runs would be made, which need not, and how long it takes.

    Args:
        request: what is asked for.
        out: takes the plan.
        log: takes what is wrong.
    """
    from harness.storage import store

    results = request.config.results
    survey = store.survey(results, request.benchmark.name, request.profile)
    found = states(request.runs, survey, request.retry_failed)
    if request.runs:
        budget = request.budget.identity().items()
        shown = ", ".join(
            f"{name}={value}" for name, value in budget if value is not None and value != AUTO
        )
        wrapped(out, f"Budget of all: {shown}")
    checkpoints = unfinished(request.runs, request.config)
    out.print(plan_table(list(zip(request.runs, found, strict=True)), checkpoints))
    say(out, f"{found.count(TO_RUN)} of {len(found)} runs to make.")
    say(out, f"Those that there are were looked for in {results}/.")
    left = [run for run, state in zip(request.runs, found, strict=True) if state == TO_RUN]
    several = workers(request.executor, request.config)
    if cost := expected_time(cost_of(left, survey, request.config), several):
        wrapped(out, cost)
    if present := _in_progress(left, request):
        say(out, present)
    for line in about_damage(survey.damaged, results):
        say(log, line)


def _in_progress(left: Sequence[Run], request: ComparisonRequest) -> str:
    """Which of the runs that are left are being made by other commands; "" if none is."""
    from harness.storage.claims import holder

    holders = [holder(request.config.results, run) for run in left]
    present = [by for by in holders if by]
    if not present:
        return ""
    return f"{len(present)} of them are being made now: {', '.join(sorted(set(present)))}."


def show_tables(results: Results, request: ComparisonRequest, out: Console) -> bool:
    """A leaderboard a scenario of the runs that are asked for, and what its columns are.

    Args:
        results: all of the benchmark and profile.
        request: says which of them are shown.
        out: takes the tables.

    Returns:
        Whether there is any.
    """
    from harness.reporting.terminal import leaderboard_tables, legend

    boards = list(_boards(results, request))
    for board, complete in boards:
        for table in leaderboard_tables(board, complete, request.columns, out.width):
            out.print(table)
        out.print()
    if boards:
        wrapped(out, legend([board for board, _ in boards]))
    elif request.shown and not results.rows.empty:
        wrapped(out, f"No finished run is to be shown: {request.shown}.")
    return bool(boards)


def _boards(
    results: Results, request: ComparisonRequest
) -> Iterator[tuple[Leaderboard, Leaderboard | None]]:
    """Each scenario's leaderboard without variants, and the one with them where there are any."""
    from harness.analysis.comparisons import comparisons
    from harness.analysis.leaderboard import leaderboards
    from harness.analysis.selection import select

    for one in comparisons(request.shown.of(select(results))):
        if one.scenario in request.scenarios:
            usual, every = leaderboards(one)
            yield usual, None if every is usual else every


def account(request: ComparisonRequest, attempt: Attempt, results: Results) -> str:
    """What was made and what was there before; "" where nothing has finished.

    Args:
        request: what was asked for.
        attempt: what the command did.
        results: all that is stored now.
    """
    asked = {run.id for run in request.runs}
    done = {one.run.id: one for one in results.records if one.run.id in asked}
    finished = {run_id for run_id, one in done.items() if one.status == "finished"}
    tried = {run.id for run in attempt.runs}
    reused = [done[run_id] for run_id in finished - tried]
    folder = f"{request.config.results}/"
    if not attempt.runs:
        if not reused:
            return ""
        command = f"{request.command} --results {AGAIN}/results"
        command += f" --reports {AGAIN}/reports" if request.report else ""
        return (
            f"{len(reused)} of {len(asked)} runs were in {folder} ({_origin(reused, request)}); "
            f"nothing was trained. To train them yourself:\n  {command}"
        )
    made = len(finished & tried)
    failed = sum(done[run_id].status != "finished" for run_id in tried & done.keys())
    ended = f", {failed} failed" if failed else ""
    return f"{made} made in {duration(attempt.seconds)}{ended}, {len(reused)} reused from {folder}"


def _origin(records: Sequence[Record], request: ComparisonRequest) -> str:
    """Whether runs are in the repository, the machine that made them, and when."""
    from harness.storage.packed import path_of

    packed = path_of(request.config.results, request.benchmark.name, request.profile)
    committed = ["committed"] if provenance.is_committed(packed) else []
    machines = sorted({str(one.provenance.get("device_name") or "") for one in records} - {""})
    days = sorted({str(one.provenance.get("started", ""))[:10] for one in records} - {""})
    made_on = machines if len(machines) < 2 else [f"{len(machines)} kinds of machines"]
    when = [days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"] if days else []
    return ", ".join([*committed, *made_on, *when]) or "of unknown origin"


def problems(request: ComparisonRequest, results: Results) -> list[str]:
    """The runs without results, each with how to find out why, or how to get them.

    Args:
        request: what was asked for.
        results: all that is stored now.
    """
    from harness.storage import store

    asked = {run.id: run for run in request.runs}
    stored = {record.run.id: record for record in results.records if record.run.id in asked}
    failed = [record for record in stored.values() if record.status != "finished"]
    where = option_of(request.config.results)
    lines = [
        f"{asked[one.run.id]} {one.status}; python -m harness.results show {one.run.id}{where} "
        "says why"
        for one in failed
    ]
    if failed:
        lines.append("To run failed runs again, add --retry-failed to the same command.")
    lines += [
        f"{run} has no result; the same command makes it again"
        for run_id, run in asked.items()
        if run_id not in stored and store.status(request.config.results, run) == "missing"
    ]
    return [*lines, *about_damage(results.damaged, request.config.results)]
