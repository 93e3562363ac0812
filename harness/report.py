"""`python -m harness.report`: remake reports from `results/` alone, in seconds, without torch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from harness.cli import options
from harness.cli.checks import ArgumentError, check_known
from harness.cli.reporting import add_report_options, check_report_options, write_report
from harness.config.benchmarks import BENCHMARKS
from harness.reporting.model import Report


def main(argv: Sequence[str]) -> int:
    """Do what the command line asks for; the exit status.

    Raises:
        SystemExit: for a wrong argument and for --help.
    """
    parser = argparse.ArgumentParser(
        prog="python -m harness.report",
        description="Remake a report, or all, from the results on disk. No torch, no training: "
        "seconds.",
        epilog="examples: python -m harness.report --html; "
        "python -m harness.report --benchmark split_mnist --format pdf,md",
    )
    options.add_benchmark_or_all(parser)
    add_report_options(parser)
    args = parser.parse_args(argv)
    try:
        check_known("benchmark", [args.benchmark] if args.benchmark else [], BENCHMARKS)
        check_report_options(args)
        _report(args)
    except ArgumentError as error:
        parser.error(str(error))
    return 0


def _report(args: argparse.Namespace) -> None:
    from harness.analysis.leaderboard import NoFinishedRunError

    try:
        for report in [_one(args)] if args.benchmark else _all(args):
            write_report(report, args)
    except NoFinishedRunError as error:
        benchmark = args.benchmark or next(iter(BENCHMARKS))
        command = f"python -m harness.compare --benchmark {benchmark}"
        raise ArgumentError(
            f"{error}; make some with: {command} --profile {args.profile}"
        ) from error


def _one(args: argparse.Namespace) -> Report:
    from harness.reporting.benchmark_report import benchmark_report

    return benchmark_report(args.results, args.benchmark, args.profile)


def _all(args: argparse.Namespace) -> Iterator[Report]:
    """The leaderboard, and the report of each benchmark in it."""
    from harness.reporting.benchmark_report import benchmark_report
    from harness.reporting.leaderboard_report import leaderboard_report

    summary = leaderboard_report(args.results, args.profile)
    yield summary
    for benchmark in dict.fromkeys(summary.data["benchmark"]):
        yield benchmark_report(args.results, benchmark, args.profile)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
