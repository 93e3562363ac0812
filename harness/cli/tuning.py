"""The command line of `python -m harness.tune`: its help, and what it asks for, checked."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baselines.interface import Baseline
from baselines.registry import methods
from harness.cli import options
from harness.cli.arguments import with_arguments
from harness.cli.checks import check_compatible, chosen_scenarios
from harness.cli.execution import chosen_executor, execution_config
from harness.cli.folders import writable_folder
from harness.cli.names import known_name, known_names, split_names
from harness.cli.parser import CommandParser
from harness.config.benchmark_budgets import tuning_budget
from harness.config.benchmark_registry import benchmarks
from harness.config.benchmarks import Benchmark
from harness.config.plan import default_methods
from harness.config.resolution import TRAINING, assignments
from harness.config.search_spaces import Search, given_spaces, search_space
from harness.config.tuned_settings import tuned
from harness.execution.executor import ExecutionConfig, Executor


@dataclass(frozen=True, slots=True)
class TuningRequest:
    """What a user asked for, checked.

    Attributes:
        benchmark: which tasks.
        searches: one for each scenario and method.
        config: how the runs are made.
        executor: makes them.
        output: folder of the choices.
    """

    benchmark: Benchmark
    searches: Sequence[Search]
    config: ExecutionConfig
    executor: Executor
    output: Path


def read_tuning(argv: Sequence[str], origin: Mapping[str, Any], description: str) -> TuningRequest:
    """The request that a command line makes.

    Args:
        argv: after the program's name.
        origin: provenance that all runs share (`harness.storage.provenance.origin`).
        description: of the command, for --help.

    Raises:
        SystemExit: with status 2 for a wrong argument, after saying what to type instead; with
            status 0 for --help.
    """
    options.import_plugins(argv, "harness.tune")
    tunable = {
        name: method
        for name, method in methods().items()
        if search_space(method) and not method.tuning_source  # else it takes another one's choice
    }
    parser = _make_parser(tunable, description)
    return with_arguments(parser, argv, lambda args: _request(args, tunable, origin))


def _request(
    args: argparse.Namespace, tunable: Mapping[str, type[Baseline]], origin: Mapping[str, Any]
) -> TuningRequest:
    benchmark = benchmarks()[known_name("benchmark", args.benchmark, benchmarks())]
    names = (
        [name for name in default_methods(benchmark, methods()) if name in tunable]
        if args.methods is None
        else known_names(
            "method with settings to search", split_names("--methods", args.methods), tunable
        )
    )
    check_compatible(benchmark, names, tunable)
    scenarios = chosen_scenarios(benchmark, args.scenario)
    output = writable_folder("--output", args.output)
    tuned(benchmark.name, output)  # a damaged file must be found before hours of work, not after
    given = assignments(args.set, {}).get(TRAINING, {})
    budget = tuning_budget(benchmark, given, args.threads)
    chosen = {name: tunable[name] for name in names}
    spaces = {name: search_space(method) for name, method in chosen.items()}
    spaces |= given_spaces(args.search, chosen)
    searches = [
        Search(benchmark, scenario, method, budget, spaces[name], args.trials, args.seeds)
        for scenario in scenarios
        for name, method in chosen.items()
    ]
    for search in searches:
        search.run({}, 0)  # refuses what the stream or the scenario does not allow
    config = execution_config(args, benchmark, origin, budget.threads)
    return TuningRequest(benchmark, searches, config, chosen_executor(args, config), output)


def _make_parser(tunable: Mapping[str, type[Baseline]], description: str) -> CommandParser:
    parser = CommandParser(prog="python -m harness.tune", description=description)
    add = parser.add_argument
    options.add_benchmark(parser)
    options.add_scenario(parser)
    add(
        "--methods",
        metavar="A,B",
        help=f"of {', '.join(tunable)} (default: those of the benchmark's comparison)",
    )
    add(
        "--trials",
        type=options.count,
        default=12,
        metavar="N",
        help="settings to try for each method in each scenario (default: 12)",
    )
    add(
        "--seeds",
        type=options.count,
        default=3,
        metavar="N",
        help="seeds of each trial that is not pruned; none that a comparison has (default: 3)",
    )
    add(
        "--search",
        action="append",
        default=[],
        metavar="METHOD.SETTING=LOW..HIGH",
        help="what to search instead of the method's own ranges, or VALUE,... for values; may be "
        "repeated",
    )
    add(
        "--set",
        action="append",
        default=[],
        metavar="training.SETTING=VALUE",
        help="change the training budget, such as training.norm=none; may be repeated",
    )
    add(
        "--output",
        type=options.path,
        default=Path("tuned"),
        metavar="DIR",
        help="folder of the choices, for harness.compare --tuned (default: tuned)",
    )
    options.add_execution(parser)
    options.add_results(parser)
    return parser
