"""`python -m harness.new`: write a file to start from, and its test, which pass as they are."""

from __future__ import annotations

import keyword
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Final

from baselines.plugins import NAME
from baselines.registry import methods
from harness.cli.arguments import ArgumentError
from harness.cli.exit_codes import FINISHED
from harness.cli.folders import writable_folder
from harness.cli.names import known_name
from harness.cli.options import path
from harness.cli.parser import CommandParser
from harness.config.benchmark_registry import benchmarks
from harness.config.networks import network_names

_TEMPLATES: Final = Path(__file__).parent / "cli" / "templates"


def _metric_names() -> Iterable[str]:
    from harness.analysis.metrics.definition import metrics  # pandas

    return metrics()


KINDS: Final[dict[str, Callable[[], Iterable[str]]]] = {
    "method": methods,
    "benchmark": benchmarks,
    "network": network_names,
    "metric": _metric_names,
}
"""What can be written, and the names that are taken."""


def main(argv: Sequence[str]) -> int:
    """Do what the command line asks for; the exit status.

    Raises:
        SystemExit: for a wrong argument and for --help.
    """
    parser = CommandParser(
        prog="python -m harness.new",
        description="Write a commented Python file of a new method, benchmark, network or metric, "
        "and its test. Both pass as they are, and the file can be used at once.",
        epilog="example: python -m harness.new method my_method",
    )
    add = parser.add_argument
    add("kind", metavar="KIND", help=f"one of {', '.join(KINDS)}")
    add("name", metavar="NAME", help="as it will be typed on the command line")
    add(
        "--folder", type=path, default=Path(), metavar="DIR", help="where to (default: this folder)"
    )
    args = parser.parse_args(argv)
    try:
        kind = known_name("kind", args.kind, KINDS)
        _check_name(kind, args.name)
        files = _write(kind, args.name, writable_folder("--folder", args.folder))
    except (ArgumentError, OSError) as error:
        parser.error(str(error))
    sys.stdout.write(_next_steps(kind, args.name, *files))
    return FINISHED


def _check_name(kind: str, name: str) -> None:
    """Refuse what can be no name of a module, what is taken, and what would hide a library.

    Raises:
        ArgumentError: the name is one of those.
    """
    if not re.fullmatch(NAME, name) or keyword.iskeyword(name):
        raise ArgumentError(
            f"{name!r} cannot name a {kind}; write small letters, digits and _, such as my_{kind}"
        )
    if name in KINDS[kind]():
        raise ArgumentError(f"there is a {kind} {name!r} already; choose another name")
    library = find_spec(name)
    file = library.origin if library else None  # none of a folder that happens to have the name
    if file and Path(file).parent != Path.cwd():
        raise ArgumentError(
            f"{name}.py would hide the library {name} from all that is started in its folder; "
            f"choose another name, such as my_{name}"
        )


def _write(kind: str, name: str, folder: Path) -> tuple[Path, Path]:
    """Write the file and its test.

    Raises:
        ArgumentError: one is there already.
    """
    files = folder / f"{name}.py", folder / f"test_{name}.py"
    for file in files:
        if file.exists():
            raise ArgumentError(f"{file} is there already; choose another name or --folder")
    words = name.split("_")
    names = {
        "name": name,
        "title": " ".join(words).capitalize(),
        "kind": "".join(map(str.title, words)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for file, template in zip(files, (f"{kind}.txt", f"test_{kind}.txt"), strict=True):
        text = (_TEMPLATES / template).read_text(encoding="utf-8")
        file.write_text(Template(text).substitute(names), encoding="utf-8")
    return files


def _next_steps(kind: str, name: str, file: Path, test: Path) -> str:
    plugin, tested = shlex.quote(str(file)), shlex.quote(str(test))
    compare = f"python -m harness.compare --plugin {plugin} --profile smoke --seeds 1"
    then = {
        "method": [
            f"{compare} --benchmark split_mnist --methods {name},naive",
            f"python -m harness.check {name} --plugin {plugin}",
        ],
        "benchmark": [f"{compare} --benchmark {name} --methods naive,rmn"],
        "network": ["name it in a benchmark: python -m harness.new benchmark my_benchmark"],
        "metric": [f"{compare} --benchmark split_mnist --methods naive,rmn"],
    }[kind]
    steps = "".join(f"  {step}\n" for step in (f"pytest {tested}", *then))
    return f"wrote {file}\nwrote {test}\nnext:\n{steps}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
