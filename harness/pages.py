"""`python -m harness.pages`: remake tables and picture of the documentation. No torch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from harness.cli.arguments import ArgumentError, with_arguments
from harness.cli.folders import existing_folder
from harness.cli.options import add_results, path
from harness.cli.parser import CommandParser

README: Final = "README.md"


def main(argv: Sequence[str]) -> int:
    """Write the pages that have changed, and name them; the exit status.

    Raises:
        SystemExit: for a wrong argument and for --help.
    """
    parser = CommandParser(
        prog="python -m harness.pages",
        description="Remake what stands between '<!-- begin NAME -->' and '<!-- end NAME -->' in "
        "the Markdown files of a folder and in the README beside it: standings, published numbers "
        "beside measured ones, costs, metrics; and the picture of the README.",
    )
    parser.add_argument("--docs", type=path, default=Path("docs"), help="default: docs")
    add_results(parser)
    with_arguments(parser, argv, _renew)
    return 0


def _renew(args: argparse.Namespace) -> None:
    from harness.reporting.pages.generated_parts import renewed
    from harness.reporting.pages.overview import PICTURED, picture
    from harness.storage import store

    docs, results = args.docs, args.results
    for option, folder in {"--docs": docs, "--results": results}.items():
        existing_folder(option, folder, "name that of a checkout")
    if not store.contents(results):
        raise ArgumentError(f"--results {results}: it has no runs to make pages of; name another")
    for file in [*sorted(docs.glob("*.md")), docs.parent / README]:
        page = file.read_text(encoding="utf-8") if file.exists() else ""
        try:
            _write(file, page.encode(), renewed(page, results).encode())
        except ValueError as error:
            raise ArgumentError(f"{file}: {error}") from error
    file = docs / "figures" / f"{PICTURED}.svg"
    if file.exists() and (new := picture(results)):
        _write(file, file.read_bytes(), new)


def _write(file: Path, old: bytes, new: bytes) -> None:
    """Write and name a file that has changed."""
    if new != old:
        file.write_bytes(new)
        sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
