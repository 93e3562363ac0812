"""`python -m harness.paper_tables`: the paper's tables, figures and claims, each with a verdict.

It spans all benchmarks of the paper and is made from `results/` alone, in seconds, without torch.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from harness.cli import options
from harness.cli.arguments import ArgumentError
from harness.cli.parser import CommandParser
from harness.cli.reporting import add_report_options, check_report_options, write_report


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
        epilog="example: python -m harness.paper_tables --format pdf,md",
    )
    add_report_options(parser)
    args = parser.parse_args(argv)
    try:
        check_report_options(args)
        _report(args)
    except ArgumentError as error:
        parser.error(str(error))
    return 0


def _report(args: argparse.Namespace) -> None:
    from harness.reporting.paper_report import NoMeasuredCellError, paper_report

    try:
        report = paper_report(args.results, args.profile)
    except NoMeasuredCellError as error:
        command = f"python -m harness.compare --benchmark split_mnist --profile {args.profile}"
        raise ArgumentError(f"{error} in {args.results}; make some with: {command}") from error
    write_report(report, args)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
