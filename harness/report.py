"""`python -m harness.report`: remake a report from `results/` alone, in seconds, without torch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from harness.analysis.run_filter import RunFilter, UnknownNameError
from harness.cli import options
from harness.cli.checks import ArgumentError, known_name
from harness.cli.parser import CommandParser
from harness.cli.reporting import (
    add_report_options,
    check_report_options,
    shown_runs,
    write_report,
)
from harness.config.benchmark_registry import benchmarks


def main(argv: Sequence[str]) -> int:
    """Do what the command line asks for; the exit status.

    Raises:
        SystemExit: for a wrong argument and for --help.
    """
    options.import_plugins(argv, "harness.report")
    parser = CommandParser(
        prog="python -m harness.report",
        description="Remake a report from the results on disk. No torch, no training: seconds.",
        epilog="examples: python -m harness.report --benchmark split_mnist --format pdf,md; "
        "with --methods rmn,ewc --seeds 3 the report of these alone, a file of its own",
    )
    options.add_benchmark(parser)
    add_report_options(parser)
    options.add_report_filters(parser)
    args = parser.parse_args(argv)
    try:
        args.benchmark = known_name("benchmark", args.benchmark, benchmarks())
        check_report_options(args)
        _report(args)
    except ArgumentError as error:
        parser.error(str(error))
    return 0


def _shown(args: argparse.Namespace) -> RunFilter:
    """Which runs are asked for, by the names that are among those stored.

    Raises:
        ArgumentError: no stored run has such a name.
    """
    from harness.analysis.selection import select
    from harness.storage import store

    shown = shown_runs(args)
    found = select(store.read(args.results, args.benchmark, args.profile)) if shown else None
    if found is None or not found.records:
        return shown
    try:
        return shown.checked(found)
    except UnknownNameError as error:
        raise ArgumentError(f"{error} They are in {args.results}.") from error


def _report(args: argparse.Namespace) -> None:
    from harness.analysis.leaderboard import NoFinishedRunError
    from harness.reporting.benchmark_report import benchmark_report

    shown = _shown(args)
    try:
        report = benchmark_report(args.results, args.benchmark, args.profile, shown)
    except NoFinishedRunError as error:
        command = f"python -m harness.compare --benchmark {args.benchmark}"
        raise ArgumentError(
            f"{error}, in {args.results}; make some with: {command} --profile {args.profile}"
        ) from error
    write_report(report, args)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
