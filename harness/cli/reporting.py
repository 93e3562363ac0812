"""What the commands that write reports share: options, checks, and the writing itself."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.analysis.run_filter import RunFilter
from harness.cli import options
from harness.cli.arguments import ArgumentError
from harness.cli.damage import about_damage, option_of
from harness.cli.folders import readable_folder, writable_folder
from harness.cli.names import known_name, known_names, split_names
from harness.config.budgets import PROFILES
from harness.config.scenarios import SCENARIOS
from harness.reporting.model import Report
from harness.reporting.writer import write, writers

if TYPE_CHECKING:
    from harness.analysis.leaderboard import NoFinishedRunError


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """--profile, --format, --results, --reports and --plugin."""
    options.add_profile(parser)
    options.add_formats(parser, writers())
    options.add_results(parser)
    options.add_reports(parser)
    options.add_plugin(parser)


def chosen_formats(args: argparse.Namespace) -> list[str]:
    """The endings that --format names.

    Raises:
        ArgumentError: one is unknown; suggests the nearest.
    """
    return known_names("format", split_names("--format", args.format), writers())


def check_report_options(args: argparse.Namespace) -> None:
    """Put the known profile for that typed, and refuse formats and folders that cannot be used.

    Raises:
        ArgumentError: there is one; suggests the nearest.
    """
    args.profile = known_name("profile", args.profile, PROFILES)
    chosen_formats(args)
    readable_folder("--results", args.results)
    writable_folder("--reports", args.reports)


def shown_runs(args: argparse.Namespace) -> RunFilter:
    """Which of the stored runs a report shows; methods and settings are checked against those.

    Args:
        args: parsed, of `options.add_report_filters`.

    Raises:
        ArgumentError: a scenario is unknown, or an option names nothing.
    """

    def names(option: str, text: str | None) -> tuple[str, ...] | None:
        return None if text is None else tuple(split_names(option, text))

    scenarios = names("--scenario", args.scenario)
    if scenarios is not None:
        scenarios = tuple(known_names("scenario", scenarios, SCENARIOS))
    return RunFilter(
        names("--methods", args.methods), args.seeds, names("--settings", args.settings), scenarios
    )


def nothing_to_report(error: NoFinishedRunError, results: Path, command: str) -> ArgumentError:
    """The error that says so, after naming what is there and damaged.

    Args:
        error: of a report.
        results: the folder that was looked into.
        command: what makes runs.
    """
    for line in about_damage(error.damaged, results):
        sys.stderr.write(f"{line}\n")
    return ArgumentError(f"{error}, in {results}; make some with: {command}{option_of(results)}")


def write_report(report: Report, args: argparse.Namespace) -> None:
    """Write a report in each format that was asked for and print the paths.

    Args:
        report: what to write.
        args: of `add_report_options`.

    Raises:
        ArgumentError: the folder cannot be written to.
        BrokenPipeError: nobody reads the paths.
    """
    for line in about_damage(report.damaged, args.results):
        sys.stderr.write(f"{line}\n")
    for ending in chosen_formats(args):
        try:
            path = write(report, ending, args.reports)
        except OSError as error:
            raise ArgumentError(
                f"cannot write to {args.reports}: {error}; name another folder by --reports"
            ) from error
        sys.stdout.write(f"{path}\n")
