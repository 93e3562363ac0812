"""`python -m harness`: list the commands, or run one of them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Final

from harness.config.suggestions import unknown

USAGE_ERROR: Final = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that the first argument names; the exit status.

    `python -m harness compare ...` does what `python -m harness.compare ...` does.

    Args:
        argv: arguments after the program's name; None for those of this process.
    """
    name, *rest = (sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in ("-h", "--help"):
        sys.stdout.write(_help(commands()))
        return 0
    if name == "--version":
        sys.stdout.write(f"rmn-harness {version('rmn-harness')}\n")
        return 0
    known = commands()
    if name not in known:
        sys.stderr.write(f"error: {unknown('command', name, known)}\n")
        return USAGE_ERROR
    status: int = import_module(f"harness.{name}").main(rest)
    return status


def commands() -> dict[str, str]:
    """Every module directly in the package that defines `main`, with its one-line summary.

    The modules are parsed and not imported: most of them import torch, which takes seconds.
    """
    found = {}
    for path in sorted(Path(__file__).parent.glob("[!_]*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in module.body):
            summary = (ast.get_docstring(module) or "").partition("\n")[0]
            found[path.stem] = summary.removeprefix(f"`python -m harness.{path.stem}`: ")
    return found


def _help(known: Mapping[str, str]) -> str:
    width = max(map(len, known))
    lines = [f"  {name:<{width}}  {summary}" for name, summary in known.items()]
    return "\n".join(
        [
            "usage: python -m harness [-h] [--version] COMMAND ...",
            "",
            "commands (COMMAND --help lists the arguments of each):",
            *lines,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
