"""`python -m harness.paper_tables`: the paper's tables, figures and claims, each with a verdict.

It spans all benchmarks of the paper and is made from `results/` alone, in seconds, without torch.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from harness.analysis.run_filter import RunFilter, UnknownNameError
from harness.cli import options
from harness.cli.arguments import ArgumentError, with_arguments
from harness.cli.names import split_names
from harness.cli.parser import CommandParser
from harness.cli.reporting import (
    add_report_options,
    check_report_options,
    nothing_to_report,
    write_report,
)


def main(argv: Sequence[str]) -> int:
    """Do what the command line asks for; the exit status.

    Raises:
        SystemExit: for a wrong argument and for --help.
    """
    options.import_plugins(argv, "harness.paper_tables")
    parser = CommandParser(
        prog="python -m harness.paper_tables",
        description="The paper's tables and figures beside the results on disk, and a verdict on "
        "each of its claims.",
        epilog="examples: python -m harness.paper_tables --format pdf,md; with --methods rmn,ewc "
        "--seeds 3 the report of these alone, a file of its own",
    )
    add_report_options(parser)
    options.add_method_filters(parser)
    with_arguments(parser, argv, _report)
    return 0


def _report(args: argparse.Namespace) -> None:
    from harness.analysis.leaderboard import NoFinishedRunError
    from harness.reporting.paper_report import paper_report

    check_report_options(args)
    named = None if args.methods is None else tuple(split_names("--methods", args.methods))
    try:
        report = paper_report(args.results, args.profile, RunFilter(named, args.seeds))
    except UnknownNameError as error:
        raise ArgumentError(f"{error} They are in {args.results}.") from error
    except NoFinishedRunError as error:
        command = f"python -m harness.compare --benchmark split_mnist --profile {args.profile}"
        raise nothing_to_report(error, args.results, command) from error
    write_report(report, args)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
