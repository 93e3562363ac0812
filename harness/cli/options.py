"""The options of `python -m harness.compare`, and the help that teaches them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from baselines.interface import Baseline
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import PROFILES, TrainingBudget
from harness.config.settings import declared
from harness.execution.local import cores

_MOST: Final = 10_000
"""More seeds or processes than that are a slip of the hand, and planning them takes the memory."""

DATA_VARIABLE: Final = "RMN_DATA"
"""Environment variable that names the folder of the data sets."""


def make_parser(known: Mapping[str, type[Baseline]]) -> argparse.ArgumentParser:
    """The parser; names of benchmarks, methods and settings are checked later.

    Args:
        known: every method by name, for the help.
    """
    parser = argparse.ArgumentParser(
        prog="python -m harness.compare",
        description="Train methods of continual learning on a benchmark, several seeds each, and\n"
        "compare them. What is already finished is never computed again.",
        epilog=_epilog(known),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--benchmark", required=True, metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}")
    add("--methods", metavar="A,B", help="methods to compare (default: all that suit the "
        "benchmark; --plan shows which)")  # fmt: skip
    add("--seeds", type=count, default=5, metavar="N", help="seeds 0 to N-1 (default: 5)")
    add("--part", type=part, default=(1, 1), metavar="K/N", help="make only the K-th of N parts of "
        "the runs, as one job of an array on a cluster; implies --no-report")  # fmt: skip
    add("--profile", default="default", metavar="NAME", help="training budget (default: default)")
    add("--jobs", type=count, metavar="N", help="worker processes (default: the "
        f"{cores()} cores of this machine, divided by --threads)")  # fmt: skip
    add("--threads", type=count, default=1, metavar="N", help="of each run (default: 1; more make "
        "one long run faster, but add up in another order: the last digits differ)")  # fmt: skip
    add(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="auto: cuda if there is one; jobs share a GPU, or take turns with several",
    )
    add("--set", action="append", default=[], metavar="METHOD.SETTING=VALUE",
        help="change a setting; may be repeated")  # fmt: skip
    add("--data", type=Path, metavar="DIR", help=f"folder of data sets (default: ${DATA_VARIABLE}, "
        "else the packaged ones)")  # fmt: skip
    add("--results", type=Path, default=Path("results"), metavar="DIR", help="default: results")
    add("--reports", type=Path, default=Path("reports"), metavar="DIR", help="default: reports")
    add("--plan", action="store_true", help="show what would run and what is done; run nothing")
    add("--retry-failed", action="store_true", help="run again what failed before")
    add("--no-report", action="store_true", help="only run, and print the table")
    return parser


def _epilog(known: Mapping[str, type[Baseline]]) -> str:
    lines = ["benchmarks:"]
    lines += [f"  {name}: {benchmark.summary}" for name, benchmark in BENCHMARKS.items()]
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
