"""The command line of `python -m harness.study`: its help, and what it asks for, checked."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baselines.registry import methods
from harness.cli import options
from harness.cli.arguments import with_arguments
from harness.cli.execution import chosen_executor, execution_config
from harness.cli.folders import writable_folder
from harness.cli.parser import CommandParser
from harness.cli.reporting import chosen_formats
from harness.config.benchmark_registry import benchmarks
from harness.config.study_file import StudyPlan, read_study
from harness.execution.executor import ExecutionConfig, Executor
from harness.reporting.writer import writers


@dataclass(frozen=True, slots=True)
class StudyRequest:
    """What a user asked for, checked.

    Attributes:
        plan: what is searched.
        config: how the runs are made.
        executor: makes them.
        formats: of the report.
        reports: folder of the reports.
    """

    plan: StudyPlan
    config: ExecutionConfig
    executor: Executor
    formats: Sequence[str]
    reports: Path


def read_study_request(
    argv: Sequence[str], origin: Mapping[str, Any], description: str
) -> StudyRequest:
    """The request that a command line makes.

    Args:
        argv: after the program's name.
        origin: provenance that all runs share (`harness.storage.provenance.origin`).
        description: of the command, for --help.

    Raises:
        SystemExit: with status 2 for a wrong argument, after saying what to type instead; with
            status 0 for --help.
    """
    options.import_plugins(argv, "harness.study")
    parser = CommandParser(prog="python -m harness.study", description=description)
    parser.add_argument("file", type=options.path, metavar="FILE.toml", help="see docs/studies.md")
    options.add_formats(parser, writers())
    options.add_execution(parser)
    options.add_results(parser)
    options.add_reports(parser)
    return with_arguments(parser, argv, lambda args: _request(args, origin))


def _request(args: argparse.Namespace, origin: Mapping[str, Any]) -> StudyRequest:
    plan = read_study(args.file, benchmarks(), methods(), args.threads)
    config = execution_config(args, plan.benchmark, origin, plan.budget.threads)
    return StudyRequest(
        plan=plan,
        config=config,
        executor=chosen_executor(args, config),
        formats=chosen_formats(args),
        reports=writable_folder("--reports", args.reports),
    )
