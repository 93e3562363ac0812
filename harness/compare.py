"""`python -m harness.compare`: make the runs that are missing, then show the comparison."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console

from harness.cli.comparison import ComparisonRequest, read_comparison
from harness.cli.comparison_display import (
    account,
    problems,
    show_plan,
    show_tables,
)
from harness.cli.console import output
from harness.cli.exit_codes import FINISHED, INCOMPLETE
from harness.cli.orchestration import exit_status, make_missing
from harness.cli.progress_display import say
from harness.storage import provenance


def main(argv: Sequence[str]) -> int:
    """Do what the command line asks for; the exit status.

    Raises:
        SystemExit: for a wrong argument and for --help.
    """
    request = read_comparison(argv, provenance.origin(argv, "harness.compare"))
    log = Console(stderr=True)
    return exit_status(lambda: _compare(request, output(), log), log)


def _compare(request: ComparisonRequest, out: Console, log: Console) -> int:
    from harness.storage import store  # imports pandas; a wrong argument need not wait for it

    if request.untuned:
        named = ", ".join(request.untuned)
        say(log, f"--tuned has no choice for {named}, which have the defaults")
    if request.plan:
        show_plan(request, out, log)
        return FINISHED
    attempt = make_missing(
        request.runs, request.config, request.executor, log, request.retry_failed
    )
    results = store.read(request.config.results, request.benchmark.name, request.profile)
    if show_tables(results, request, out) and request.report:
        _write_report(request, out)
    if said := account(request, attempt, results):
        say(out, said)
    found = problems(request, results)
    for line in found:
        say(log, line)
    return INCOMPLETE if found else FINISHED


def _write_report(request: ComparisonRequest, out: Console) -> None:
    from harness.reporting.benchmark_report import benchmark_report
    from harness.reporting.writer import write

    report = benchmark_report(
        request.config.results, request.benchmark.name, request.profile, request.shown
    )
    say(out, str(write(report, "pdf", request.reports)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
