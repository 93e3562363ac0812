"""`python -m harness.pages`: remake tables and picture of the documentation. No torch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from harness.cli.arguments import ArgumentError, with_arguments
from harness.cli.folders import existing_folder
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
    parser.add_argument("--docs", type=Path, default=Path("docs"), help="default: docs")
    parser.add_argument("--results", type=Path, default=Path("results"), help="default: results")
    with_arguments(parser, argv, _renew)
    return 0


def _renew(args: argparse.Namespace) -> None:
    from harness.reporting.pages.generated_parts import renewed
    from harness.reporting.pages.overview import PICTURED, picture

    docs, results = args.docs, args.results
    for option, folder in {"--docs": docs, "--results": results}.items():
        existing_folder(option, folder, "name that of a checkout")
    for path in [*sorted(docs.glob("*.md")), docs.parent / README]:
        page = path.read_text(encoding="utf-8") if path.exists() else ""
        try:
            _write(path, page.encode(), renewed(page, results).encode())
        except ValueError as error:
            raise ArgumentError(f"{path}: {error}") from error
    path = docs / "figures" / f"{PICTURED}.svg"
    if path.exists() and (new := picture(results)):
        _write(path, path.read_bytes(), new)


def _write(path: Path, old: bytes, new: bytes) -> None:
    """Write and name a file that has changed."""
    if new != old:
        path.write_bytes(new)
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
