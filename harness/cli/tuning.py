"""The command line of `python -m harness.tune`: its help, and what it asks for, checked."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from baselines.interface import Baseline
from baselines.registry import methods
from harness.cli import options
from harness.cli.checks import (
    ArgumentError,
    check_compatible,
    check_known,
    chosen_executor,
    execution_config,
    split_names,
)
from harness.config.benchmarks import BENCHMARKS, Benchmark
from harness.config.budgets import TUNING
from harness.config.grids import Grid, candidates, given_grids, grid
from harness.config.plan import is_compatible
from harness.config.run import Run
from harness.config.settings import SettingError
from harness.config.tuned_settings import tuned
from harness.execution.executor import ExecutionConfig, Executor


@dataclass(frozen=True, slots=True)
class TuningRequest:
    """What a user asked for, checked.

    Attributes:
        benchmark: which tasks.
        grids: the values to try, by method.
        runs: every candidate with every seed.
        config: how they are made.
        executor: makes them.
    """

    benchmark: Benchmark
    grids: Mapping[str, Grid]
    runs: Sequence[Run]
    config: ExecutionConfig
    executor: Executor


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
    tunable = {
        name: method
        for name, method in methods().items()
        if grid(method) and not method.tuning_source  # such a method takes another one's choice
    }
    parser = _make_parser(tunable, description)
    args = parser.parse_args(argv)
    try:
        return _request(args, tunable, origin)
    except (SettingError, ArgumentError) as error:
        parser.error(str(error))


def _request(
    args: argparse.Namespace, tunable: Mapping[str, type[Baseline]], origin: Mapping[str, Any]
) -> TuningRequest:
    check_known("benchmark", [args.benchmark], BENCHMARKS)
    benchmark = BENCHMARKS[args.benchmark]
    names = [name for name, method in tunable.items() if is_compatible(benchmark, method)]
    if args.methods is not None:
        names = split_names("--methods", args.methods)
    check_known("method with a grid", names, tunable)
    check_compatible(benchmark, names, tunable)
    tuned(benchmark.name)  # a damaged file must be found before hours of work, not after
    budget = replace(benchmark.budgets[TUNING], threads=args.threads or 1)
    chosen = {name: tunable[name] for name in names}
    grids = {name: grid(method) for name, method in chosen.items()}
    grids |= given_grids(args.grid, chosen)
    config = execution_config(args, benchmark, origin, budget.threads)
    return TuningRequest(
        benchmark=benchmark,
        grids=grids,
        runs=[
            run
            for name, method in chosen.items()
            for run in candidates(method, grids[name], benchmark, budget, args.seeds)
        ],
        config=config,
        executor=chosen_executor(args, config),
    )


def _make_parser(
    tunable: Mapping[str, type[Baseline]], description: str
) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m harness.tune", description=description)
    add = parser.add_argument
    options.add_benchmark(parser)
    add("--methods", metavar="A,B", help=f"of {', '.join(tunable)} (default: all that suit)")
    add(
        "--grid",
        action="append",
        default=[],
        metavar="METHOD.SETTING=VALUE,...",
        help="values to try instead of the method's own grid; may be repeated",
    )
    add(
        "--seeds",
        type=options.count,
        default=2,
        metavar="N",
        help="seeds per candidate (default: 2)",
    )
    options.add_execution(parser)
    options.add_results(parser)
    return parser
