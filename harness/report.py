"""`python -m harness.report`: remake reports from `results/` alone, in seconds, without torch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from harness.analysis.run_filter import UnknownNameError
from harness.cli import options
from harness.cli.arguments import ArgumentError, with_arguments
from harness.cli.names import known_name
from harness.cli.parser import CommandParser
from harness.cli.reporting import (
    add_report_options,
    check_report_options,
    nothing_to_report,
    shown_runs,
    write_report,
)
from harness.config.benchmark_registry import benchmarks
from harness.reporting.model import Report


def main(argv: Sequence[str]) -> int:
    """Do what the command line asks for; the exit status.

    Raises:
        SystemExit: for a wrong argument and for --help.
    """
    options.import_plugins(argv, "harness.report")
    parser = CommandParser(
        prog="python -m harness.report",
        description="Remake a report, or all, from the results on disk. No torch, no training: "
        "seconds.",
        epilog="examples: python -m harness.report --html; "
        "python -m harness.report --benchmark split_mnist --format pdf,md; "
        "with --methods rmn,ewc --seeds 3 the report of these alone, a file of its own",
    )
    options.add_benchmark_or_all(parser)
    add_report_options(parser)
    options.add_report_filters(parser)
    with_arguments(parser, argv, _report)
    return 0


def _report(args: argparse.Namespace) -> None:
    from harness.analysis.leaderboard import NoFinishedRunError

    if args.benchmark is not None:
        args.benchmark = known_name("benchmark", args.benchmark, benchmarks())
    check_report_options(args)
    try:
        for report in _all(args) if args.benchmark is None else [_one(args)]:
            write_report(report, args)
    except UnknownNameError as error:
        raise ArgumentError(f"{error} They are in {args.results}.") from error
    except NoFinishedRunError as error:
        command = f"python -m harness.compare --benchmark {args.benchmark or 'split_mnist'}"
        command = f"{command} --profile {args.profile}"
        raise nothing_to_report(error, args.results, command) from error


def _one(args: argparse.Namespace) -> Report:
    """The report of a benchmark; its methods and settings by the names of the stored runs."""
    from harness.analysis.selection import select
    from harness.reporting.benchmark_report import benchmark_report
    from harness.storage import store

    shown = shown_runs(args)
    found = select(store.read(args.results, args.benchmark, args.profile)) if shown else None
    if found is not None and found.records:
        shown = shown.checked(found)
    return benchmark_report(args.results, args.benchmark, args.profile, shown)


def _all(args: argparse.Namespace) -> Iterator[Report]:
    """The leaderboard, and the report of each benchmark in it."""
    from harness.analysis.standings import standings
    from harness.reporting.benchmark_report import benchmark_report
    from harness.reporting.leaderboard_report import leaderboard_report

    found = standings(args.results, args.profile, shown_runs(args))
    yield leaderboard_report(found)
    for benchmark, shown in found.shown.items():
        yield benchmark_report(args.results, benchmark, args.profile, shown)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
