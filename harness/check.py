"""`python -m harness.check`: check the contract of a method, and say how to mend what is broken."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from baselines.interface import Baseline
from baselines.registry import methods
from harness.cli import options
from harness.cli.arguments import with_arguments
from harness.cli.exit_codes import FINISHED, INCOMPLETE
from harness.cli.names import known_name
from harness.cli.parser import CommandParser

if TYPE_CHECKING:
    from harness.contract.law import Finding

_WIDTH = 100
_INDENT = " " * 4


def main(argv: Sequence[str]) -> int:
    """Do what the command line asks for; the exit status, 1 if a law is broken.

    Raises:
        SystemExit: for a wrong argument and for --help.
    """
    options.import_plugins(argv, "harness.check")
    known = methods()
    parser = CommandParser(
        prog="python -m harness.check",
        description="Check that a method keeps the contract of all methods, by small runs on MNIST "
        "of about a minute. What it declares is held against what is observed.",
        epilog="example: python -m harness.check my_method --plugin my_method.py",
    )
    parser.add_argument("method", metavar="NAME", help=f"one of {', '.join(known)}")
    options.add_plugin(parser)
    name = with_arguments(parser, argv, lambda args: known_name("method", args.method, known))
    return _check(known[name])


def _check(method: type[Baseline]) -> int:
    warnings.filterwarnings("ignore", module="avalanche|qpsolvers")  # of loggers and solvers
    import torch

    from harness.contract.law import findings
    from harness.contract.subject import Subject

    torch.set_num_threads(1)
    sys.stdout.write(f"{method.title} ({method.name}), declared in {method.__module__}\n")
    broken = [one.law.name for one in _shown(findings(Subject(method))) if one.state == "broken"]
    if broken:
        sys.stdout.write(f"\n{len(broken)} broken: {', '.join(broken)}\n")
        return INCOMPLETE
    sys.stdout.write("\nIt keeps the contract.\n")
    return FINISHED


def _shown(found: Iterable[Finding]) -> Iterable[Finding]:
    """The findings, each printed as soon as it is there."""
    for one in found:
        sys.stdout.write(f"\n{one.state}: {one.law.demand}\n{_paragraph(one.observed)}\n")
        if one.mend:
            sys.stdout.write(f"{_paragraph(f'To mend it: {one.mend}.')}\n")
        sys.stdout.flush()
        yield one


def _paragraph(text: str) -> str:
    return fill(text, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
