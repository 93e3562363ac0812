"""The command line of `python -m harness.compare`: its help, and what it asks for, checked."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from baselines.interface import Baseline
from baselines.registry import methods
from harness.analysis.run_filter import RunFilter
from harness.cli import options
from harness.cli.arguments import ArgumentError, with_arguments
from harness.cli.checks import check_compatible, chosen_scenarios
from harness.cli.execution import chosen_executor, execution_config
from harness.cli.folders import existing_folder, readable_folder, writable_folder
from harness.cli.names import known_name, known_names, split_names
from harness.cli.parser import CommandParser, MessageFirstParser
from harness.config.benchmark_budgets import benchmark_budget
from harness.config.benchmark_registry import benchmarks
from harness.config.benchmarks import Benchmark
from harness.config.budgets import DEFAULT, PROFILES, TrainingBudget
from harness.config.plan import default_methods, part, plan
from harness.config.resolution import TRAINING, Resolved, assignments, resolve
from harness.config.run import Run
from harness.config.scenarios import under_scenario
from harness.config.search_spaces import search_space
from harness.config.settings import declared
from harness.config.tuned_settings import TUNED, best_known, choice_for
from harness.execution.executor import ExecutionConfig, Executor

_SEEDS: Final = 5
"""Seeds of each method unless --seeds says otherwise."""


@dataclass(frozen=True, slots=True)
class ComparisonRequest:
    """What a user asked for, checked.

    Attributes:
        benchmark: which tasks.
        scenarios: what is asked of the methods (`harness.config.scenarios`).
        profile: name of the profile.
        budget: its training budget, with what the command line changes.
        runs: every run of the comparison, or of the part of it that was asked for.
        config: how they are made.
        executor: makes them.
        reports: folder of the reports.
        plan: only show what would run.
        retry_failed: run again what failed before.
        report: make the report at the end.
        shown: which of the stored runs are in tables and report.
        columns: metrics that the tables show besides the usual ones.
        untuned: methods, with their scenarios, that --tuned names a folder without a choice for.
        command: as typed, but for the folders of results and reports.
    """

    benchmark: Benchmark
    scenarios: Sequence[str]
    profile: str
    budget: TrainingBudget
    runs: Sequence[Run]
    config: ExecutionConfig
    executor: Executor
    reports: Path
    plan: bool
    retry_failed: bool
    report: bool
    shown: RunFilter
    columns: Sequence[str]
    untuned: Sequence[str]
    command: str


def read_comparison(argv: Sequence[str], origin: Mapping[str, Any]) -> ComparisonRequest:
    """The request that a command line makes.

    Args:
        argv: after the program's name.
        origin: provenance that all runs share (`harness.storage.provenance.origin`).

    Raises:
        SystemExit: with status 2 for a wrong argument, after saying what to type instead; with
            status 0 for --help.
    """
    options.import_plugins(argv, "harness.compare")
    known = methods()

    def request(args: argparse.Namespace) -> ComparisonRequest:
        return _request(args, known, origin, _without_folders(argv))

    return with_arguments(make_parser(known), argv, request)


def _without_folders(argv: Sequence[str]) -> str:
    """A command line that can be parsed without its --results and --reports."""
    folders = MessageFirstParser(add_help=False)
    options.add_results(folders)
    options.add_reports(folders)
    _, others = folders.parse_known_args(argv)
    return shlex.join(["python", "-m", "harness.compare", *others])


def _request(
    args: argparse.Namespace,
    known: Mapping[str, type[Baseline]],
    origin: Mapping[str, Any],
    command: str,
) -> ComparisonRequest:
    benchmark = benchmarks()[known_name("benchmark", args.benchmark, benchmarks())]
    profile = known_name("profile", args.profile, PROFILES)
    names = (
        default_methods(benchmark, known)
        if args.methods is None
        else known_names("method", split_names("--methods", args.methods), known)
    )
    scenarios = chosen_scenarios(benchmark, args.scenario)
    check_compatible(benchmark, names, known)
    given = assignments(args.set, known)
    of_budget = given.pop(TRAINING, {})
    budget, overrides = benchmark_budget(benchmark, profile, of_budget, args.threads)
    for name in given:
        if name not in names:
            raise ArgumentError(f"--set {name}...: {name} is not among --methods; add it there")
    chosen = {name: known[name] for name in names}
    choices = TUNED
    if args.tuned is not None:
        tune = f"make it by python -m harness.tune --benchmark {benchmark.name} --output"
        choices = existing_folder("--tuned", args.tuned, f"{tune} {args.tuned}")
    settings: dict[str, dict[str, Resolved]] = {scenario: {} for scenario in scenarios}
    untuned = []
    for scenario, of_scenario in settings.items():
        for name, method in chosen.items():
            norm = under_scenario(benchmark, scenario, method, budget).norm
            best = best_known(benchmark, scenario, norm, profile, method, choices)
            of_scenario[name] = resolve(method, best, given.get(name, {})).also(overrides)
            expected = args.tuned is not None and search_space(method)
            if expected and not choice_for(benchmark, scenario, norm, method, choices):
                untuned.append(f"{name} in {scenario}")
    config = execution_config(args, benchmark, origin, budget.threads)
    runs = plan(benchmark, profile, budget, chosen, settings, range(args.seeds or _SEEDS))
    reported = not args.plan and not args.no_report and args.part == (1, 1)
    return ComparisonRequest(
        benchmark=benchmark,
        scenarios=scenarios,
        profile=profile,
        budget=budget,
        runs=part(runs, *args.part),
        config=config,
        executor=chosen_executor(args, config),
        reports=(writable_folder if reported else readable_folder)("--reports", args.reports),
        plan=args.plan,
        retry_failed=args.retry_failed,
        report=reported,
        shown=RunFilter(
            None if args.methods is None else tuple(names),
            args.seeds,
            _shown_settings(args.settings, known),
            None if args.scenario is None else tuple(scenarios),
        ),
        columns=_columns(args.columns),
        untuned=untuned,
        command=command,
    )


def _shown_settings(
    text: str | None, known: Mapping[str, type[Baseline]]
) -> tuple[str, ...] | None:
    """What --settings names, checked before anything is trained."""
    if text is None:
        return None
    names = split_names("--settings", text)
    of_methods = [name for method in known.values() for name in declared(method)]
    of_budget = [f"{TRAINING}.{name}" for name in declared(TrainingBudget)]
    known_names("setting", (n.partition("=")[0] for n in names), [DEFAULT, *of_methods, *of_budget])
    return tuple(names)


def _columns(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    from harness.analysis.metrics.definition import metrics  # pandas
    from harness.reporting.terminal import ALL_COLUMNS

    names = split_names("--columns", text)
    return tuple(known_names("column", names, [ALL_COLUMNS, *metrics()]))


def make_parser(known: Mapping[str, type[Baseline]]) -> CommandParser:
    """The parser; names of benchmarks, methods and settings are checked later.

    Args:
        known: every method by name, for the help.
    """
    parser = CommandParser(
        prog="python -m harness.compare",
        description="Train methods of continual learning on a benchmark, several seeds each, and\n"
        "compare them. What is already finished is never computed again.",
        epilog=_epilog(known),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    options.add_benchmark(parser)
    options.add_scenario(parser)
    add(
        "--methods",
        metavar="A,B",
        help="methods to train and to show (default: train all that suit the benchmark, --plan "
        "shows which, and show all that were trained)",
    )
    add(
        "--seeds",
        type=options.count,
        metavar="N",
        help=f"train and show seeds 0 to N-1 (default: train {_SEEDS}, show all)",
    )
    options.add_settings_filter(parser)
    add(
        "--columns",
        metavar="A,B",
        help="metrics that the tables show besides the usual ones, by the ids of docs/metrics.md, "
        "or all",
    )
    add(
        "--part",
        type=options.part,
        default=(1, 1),
        metavar="K/N",
        help="make only the K-th of N parts of the runs, as one job of an array on a cluster; "
        "implies --no-report",
    )
    options.add_profile(parser)
    add(
        "--set",
        action="append",
        default=[],
        metavar="METHOD.SETTING=VALUE",
        help="change a setting; may be repeated",
    )
    add(
        "--tuned",
        type=options.path,
        metavar="DIR",
        help="settings that harness.tune chose (default: those that come with the package)",
    )
    options.add_execution(parser)
    options.add_results(parser)
    options.add_reports(parser)
    options.add_plan(parser)
    add("--retry-failed", action="store_true", help="run again what failed before")
    add("--no-report", action="store_true", help="only run, and print the table")
    return parser


def _epilog(known: Mapping[str, type[Baseline]]) -> str:
    lines = ["benchmarks:"]
    lines += [f"  {name}: {benchmark.summary}" for name, benchmark in benchmarks().items()]
    lines += ["", "profiles:"]
    lines += [f"  {name}: {summary}" for name, summary in PROFILES.items()]
    lines += ["", "training budget, the same for every method; a profile sets all of it:"]
    for setting in declared(TrainingBudget).values():
        lines.append(f"    training.{setting.name}  {setting.help}")
        lines.append(f"        {setting.allowed}")
    lines += ["", "methods and their settings:"]
    for name, method in known.items():
        lines.append(f"  {name}: {method.title}")
        for setting in declared(method).values():
            lines.append(f"    {name}.{setting.name}={setting.default}  {setting.help}")
            lines.append(f"        {setting.allowed}")
    command = "python -m harness.compare --benchmark split_mnist"
    lines += ["", "examples:", f"  {command} --plan"]
    lines += [f"  {command} --methods rmn,ewc --set ewc.ewc_lambda=100"]
    lines += [f"  {command} --methods rmn --set training.epochs=20 --set training.class_order=1"]
    return "\n".join(lines)
