"""The command line of `python -m harness.ablation`: its help, and what it asks for, checked."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from baselines.registry import methods
from harness.cli import options
from harness.cli.arguments import ArgumentError, with_arguments
from harness.cli.execution import chosen_executor, execution_config
from harness.cli.names import known_names, split_names
from harness.cli.parser import CommandParser
from harness.config.ablation import FACTORS, AblationRun, ablated_benchmarks, ablation_runs
from harness.execution.executor import ExecutionConfig, Executor

MOST_SEEDS: Final = 20
"""Of a variant that the page looks for."""


@dataclass(frozen=True, slots=True)
class AblationRequest:
    """What a user asked for, checked.

    Attributes:
        runs: by benchmark, what is to be made.
        planned: everything that the page shows if it is stored.
        results: folder of all results.
        making: by benchmark, how its runs are made, and by what.
        page: to be written.
        plan: only show what would run.
    """

    runs: Mapping[str, Sequence[AblationRun]]
    planned: Sequence[AblationRun]
    results: Path
    making: Mapping[str, tuple[ExecutionConfig, Executor]]
    page: Path
    plan: bool


def read_ablation(
    argv: Sequence[str], origin: Mapping[str, Any], description: str
) -> AblationRequest:
    """The request that a command line makes.

    Args:
        argv: after the program's name.
        origin: provenance that all runs share (`harness.storage.provenance.origin`).
        description: of the command, for --help.

    Raises:
        SystemExit: with status 2 for a wrong argument, after saying what to type instead; with
            status 0 for --help.
    """
    options.import_plugins(argv, "harness.ablation")
    return with_arguments(_make_parser(description), argv, lambda args: _request(args, origin))


def _request(args: argparse.Namespace, origin: Mapping[str, Any]) -> AblationRequest:
    if args.threads not in (None, 1):
        raise ArgumentError("each run of the ablation has one thread; leave out --threads")
    if args.page.is_dir():
        raise ArgumentError(
            f"--page: {args.page} is a folder; name a file in it, such as {args.page}/ablation.md"
        )
    known, every = methods(), ablated_benchmarks()
    names = list(every) if args.benchmark is None else split_names("--benchmark", args.benchmark)
    names = known_names("benchmark of the ablation", names, every)
    chosen = list(FACTORS) if args.factor is None else split_names("--factor", args.factor)
    chosen = known_names("factor", chosen, FACTORS)
    factors = [FACTORS[name] for name in chosen]
    runs = {
        name: list(ablation_runs(every[name], factors, known, range(args.seeds)))
        for name in ([] if args.page_only else names)
    }
    making = {}
    for name in runs:
        config = execution_config(args, every[name], origin, threads=1)
        making[name] = (config, chosen_executor(args, config))
    planned = [
        one
        for benchmark in every.values()
        for one in ablation_runs(benchmark, FACTORS.values(), known, range(MOST_SEEDS))
    ]
    return AblationRequest(runs, planned, args.results, making, args.page, args.plan)


def _make_parser(description: str) -> CommandParser:
    parser = CommandParser(prog="python -m harness.ablation", description=description)
    add = parser.add_argument
    add(
        "--benchmark",
        metavar="A,B",
        help=f"of {', '.join(ablated_benchmarks())} (default: all)",
    )
    add("--factor", metavar="A,B", help=f"of {', '.join(FACTORS)} (default: all)")
    add("--seeds", type=options.count, default=3, metavar="N", help="seeds 0 to N-1 (default: 3)")
    options.add_plan(parser)
    add("--page-only", action="store_true", help="make no runs; remake the page in seconds")
    add(
        "--page",
        type=options.path,
        default=Path("docs/ablation.md"),
        metavar="FILE",
        help="Markdown file; its figures go to a folder beside it (default: docs/ablation.md)",
    )
    options.add_execution(parser)
    options.add_results(parser)
    return parser
