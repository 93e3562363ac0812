"""`python -m harness.pages`: remake the tables of docs/ from the code and the results. No torch."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from harness.cli.checks import ArgumentError, readable_folder
from harness.cli.parser import CommandParser


def main(argv: Sequence[str]) -> int:
    """Write the pages that have changed, and name them; the exit status.

    Raises:
        SystemExit: for a wrong argument and for --help.
    """
    parser = CommandParser(
        prog="python -m harness.pages",
        description="Remake what stands between '<!-- begin NAME -->' and '<!-- end NAME -->' in "
        "the Markdown files of a folder: published numbers beside measured ones, costs, metrics.",
    )
    parser.add_argument("--docs", type=Path, default=Path("docs"), help="default: docs")
    parser.add_argument("--results", type=Path, default=Path("results"), help="default: results")
    args = parser.parse_args(argv)
    try:
        _renew(args.docs, readable_folder("--results", args.results))
    except ArgumentError as error:
        parser.error(str(error))
    return 0


def _renew(docs: Path, results: Path) -> None:
    from harness.cli.generated_parts import renewed

    for option, folder in {"--docs": docs, "--results": results}.items():
        if not folder.is_dir():
            raise ArgumentError(f"{option}: there is no folder {folder}; name that of a checkout")
    for path in sorted(docs.glob("*.md")):
        page = path.read_text(encoding="utf-8")
        try:
            new = renewed(page, results)
        except ValueError as error:
            raise ArgumentError(f"{path}: {error}") from error
        if new != page:
            path.write_text(new, encoding="utf-8")
            sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
