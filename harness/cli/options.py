"""The options that several commands share; each is defined once."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from baselines.plugins import Plugin, PluginError, import_plugin
from harness.cli.parser import MessageFirstParser
from harness.config.benchmark_registry import benchmarks
from harness.config.budgets import DEFAULT, PROFILES
from harness.config.scenarios import CLASS_IL, DOMAIN_IL, SCENARIOS, TASK_IL
from harness.execution.cores import cores
from harness.execution.executor import ExecutorOption, executors
from harness.tracking.logger import loggers

_MOST: Final = 10_000
"""More seeds or processes than that are a slip of the hand, and planning them takes the memory."""

DATA_VARIABLE: Final = "RMN_DATA"
"""Environment variable that names the folder of the data sets."""


def add_plugin(parser: argparse.ArgumentParser) -> None:
    """--plugin; what it names is imported as the argument is read."""
    parser.add_argument(
        "--plugin",
        type=plugin,
        action="append",
        default=[],
        metavar="MODULE",
        help="import methods, benchmarks, networks, metrics, executors, loggers or report formats "
        "of your own: my_package.my_method, or path/to/file.py; may be repeated",
    )


def import_plugins(argv: Sequence[str], program: str) -> None:
    """Import what --plugin names, before a parser is made whose help names what is registered.

    Args:
        argv: arguments after the program's name.
        program: such as harness.compare.

    Raises:
        SystemExit: with status 2, one cannot be imported; the message names it.
    """
    parser = MessageFirstParser(prog=f"python -m {program}", add_help=False)
    add_plugin(parser)
    parser.parse_known_args(argv)


def plugin(text: str) -> Plugin:
    """The plugin that an argument names, imported.

    Raises:
        argparse.ArgumentTypeError: it cannot be.
    """
    try:
        return import_plugin(text)
    except PluginError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def path(text: str) -> Path:
    """The file or folder that an argument names.

    Raises:
        argparse.ArgumentTypeError: it names none, as a variable of the shell that is not set.
    """
    if not text:
        raise argparse.ArgumentTypeError("the name is empty; write . for this folder")
    return Path(text)


def add_benchmark(parser: argparse.ArgumentParser) -> None:
    """--benchmark; the name is checked later, so that the nearest can be suggested."""
    names = ", ".join(benchmarks())
    parser.add_argument("--benchmark", required=True, metavar="NAME", help=f"one of {names}")


def add_benchmark_or_all(parser: argparse.ArgumentParser) -> None:
    """--benchmark, None for all; the name is checked later."""
    names = ", ".join(benchmarks())
    parser.add_argument(
        "--benchmark",
        metavar="NAME",
        help=f"one of {names} (default: each that there are results of, and a leaderboard of all "
        "of them, index)",
    )


def add_scenario(parser: argparse.ArgumentParser) -> None:
    """--scenario; the names are checked later, against the benchmark."""
    meanings = "; ".join(f"{name}: {meaning}" for name, meaning in SCENARIOS.items())
    parser.add_argument(
        "--scenario",
        metavar="A,B",
        help=f"{meanings}. Default: {TASK_IL}, and {CLASS_IL} where tasks have classes of their "
        f"own or {DOMAIN_IL} where they share them",
    )


def add_profile(parser: argparse.ArgumentParser) -> None:
    """--profile; the name is checked later."""
    parser.add_argument(
        "--profile",
        default=DEFAULT,
        metavar="NAME",
        help=f"training budget, one of {', '.join(PROFILES)} (default: {DEFAULT})",
    )


def add_settings_filter(parser: argparse.ArgumentParser) -> None:
    """--settings: which of the stored runs are shown, by what they differ in."""
    parser.add_argument(
        "--settings",
        metavar="A,B",
        help=f"show only runs that differ from the benchmark's settings in one of these, NAME or "
        f"NAME=VALUE; {DEFAULT}: those that differ in nothing (default: all)",
    )


def add_method_filters(parser: argparse.ArgumentParser) -> None:
    """--methods and --seeds, of reports."""
    add = parser.add_argument
    add("--methods", metavar="A,B", help="show only these methods (default: all that were trained)")
    add("--seeds", type=count, metavar="N", help="show only seeds 0 to N-1 (default: all)")


def add_report_filters(parser: argparse.ArgumentParser) -> None:
    """--methods, --seeds, --scenario and --settings, of reports."""
    add_method_filters(parser)
    shown = f"show only these, of {', '.join(SCENARIOS)}"
    parser.add_argument("--scenario", metavar="A,B", help=shown)
    add_settings_filter(parser)


def add_execution(parser: argparse.ArgumentParser) -> None:
    """How runs are made: --jobs, --threads, --device, --executor, --data, --log, --plugin."""
    add = parser.add_argument
    add_plugin(parser)
    add(
        "--jobs",
        type=count,
        metavar="N",
        help=f"runs at the same time (default: as many as there is room for; on this machine, "
        f"its {cores()} cores divided by --threads)",
    )
    add(
        "--threads",
        type=count,
        metavar="N",
        help="of each run (default: 1); more make one long run faster, but other numbers of "
        "threads add up in another order: those are other runs, like --set training.threads=N",
    )
    add(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="auto: cuda if there is one; jobs share a GPU, or take turns with several",
    )
    add(
        "--executor",
        choices=tuple(executors()),
        default="local",
        help="what makes the runs (default: local, worker processes of this machine)",
    )
    add(
        "--log",
        metavar="A,B",
        help=f"show the curves of the runs that are made by {', '.join(loggers())}",
    )
    add_folder(parser, "logs")
    add(
        "--data",
        type=path,
        metavar="DIR",
        help=f"folder of data sets (default: ${DATA_VARIABLE}, else the packaged ones)",
    )
    for name, kind in executors().items():
        if kind.options:
            _add_executor_options(parser.add_argument_group(f"--executor {name}"), kind.options)


def add_plan(parser: argparse.ArgumentParser) -> None:
    """--plan."""
    help_ = "show what would run and what is done; run nothing"
    parser.add_argument("--plan", action="store_true", help=help_)


def given_executor_options(args: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """The values of the options that only some executors have, by executor and name.

    Only those that were given; an executor knows its own defaults.
    """
    values = vars(args)
    return {
        name: {one.name: values[one.name] for one in kind.options if one.name in values}
        for name, kind in executors().items()
    }


def _add_executor_options(
    group: argparse._ArgumentGroup, options: Iterable[ExecutorOption]
) -> None:
    for option in options:
        group.add_argument(
            option.flag,
            type=option.read,
            action="append" if option.repeated else "store",
            default=argparse.SUPPRESS,
            metavar=option.metavar,
            help=option.help,
        )


def add_results(parser: argparse.ArgumentParser) -> None:
    """--results."""
    add_folder(parser, "results")


def add_reports(parser: argparse.ArgumentParser) -> None:
    """--reports."""
    add_folder(parser, "reports")


def add_folder(parser: argparse.ArgumentParser, name: str) -> None:
    """An option for a folder of the same name.

    Args:
        parser: takes the option.
        name: of option and default folder.
    """
    parser.add_argument(
        f"--{name}", type=path, default=Path(name), metavar="DIR", help=f"default: {name}"
    )


def add_formats(parser: argparse.ArgumentParser, formats: Iterable[str]) -> None:
    """--format, one or several, and --html; the names are checked later.

    Args:
        parser: takes the option.
        formats: names of all formats.
    """
    parser.add_argument(
        "--format",
        default="pdf",
        metavar="A,B",
        help=f"of {', '.join(formats)} (default: pdf)",
    )
    parser.add_argument(
        "--html",
        action="store_const",
        const="html",
        dest="format",
        help="the same as --format html: a page for the browser",
    )


def part(text: str) -> tuple[int, int]:
    """The number of a part, from 1, and the number of parts that an argument K/N stands for.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    number, slash, parts = text.partition("/")
    if not (slash and number.isdecimal() and parts.isdecimal() and 1 <= int(number) <= int(parts)):
        raise argparse.ArgumentTypeError(f"{text!r} is not K/N with K from 1 to N; write 1/8")
    return int(number), int(parts)


def count(text: str) -> int:
    """The whole number, from 1 to 10,000, that an argument stands for.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not text.isdecimal() or not 1 <= int(text) <= _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {_MOST}")
    return int(text)
