"""What the commands that write reports share: options, checks, and the writing itself."""

from __future__ import annotations

import argparse
import sys

from harness.cli import options
from harness.cli.checks import (
    ArgumentError,
    check_known,
    readable_folder,
    split_names,
    writable_folder,
)
from harness.cli.damage import about_damage
from harness.config.budgets import PROFILES
from harness.reporting.model import Report
from harness.reporting.writer import write, writers


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """--profile, --format, --results, --reports and --plugin."""
    options.add_profile(parser)
    options.add_formats(parser, writers())
    options.add_results(parser)
    options.add_reports(parser)
    options.add_plugin(parser)


def check_report_options(args: argparse.Namespace) -> None:
    """Refuse names of profiles and formats that do not exist, and folders that cannot be used.

    Raises:
        ArgumentError: there is one; suggests the nearest.
    """
    check_known("profile", [args.profile], PROFILES)
    check_known("format", split_names("--format", args.format), writers())
    readable_folder("--results", args.results)
    writable_folder("--reports", args.reports)


def write_report(report: Report, args: argparse.Namespace) -> None:
    """Write a report in each format that was asked for and print the paths.

    Args:
        report: what to write.
        args: of `add_report_options`.

    Raises:
        ArgumentError: the folder cannot be written to.
    """
    for line in about_damage(report.damaged, args.results):
        sys.stderr.write(f"{line}\n")
    try:
        for ending in split_names("--format", args.format):
            sys.stdout.write(f"{write(report, ending, args.reports)}\n")
    except OSError as error:
        raise ArgumentError(
            f"cannot write to {args.reports}: {error}; name another folder by --reports"
        ) from error
