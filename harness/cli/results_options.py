"""The options of `python -m harness.results`, and the help that teaches them."""

from __future__ import annotations

import argparse
from typing import Final

from harness.cli import options
from harness.cli.parser import CommandParser
from harness.config.scenarios import SCENARIOS

PROGRAM: Final = "python -m harness.results"

STATUSES: Final = ("finished", "failed", "diverged", "damaged", "newer")
"""How runs ended, or why their folders cannot be read."""
PLACES: Final = ("packed", "folder")

_DESCRIPTION: Final = """\
Look after the stored runs. A run is made as a folder,
results/<benchmark>/<profile>/<method>/<run id>; many runs are committed as one file,
results/<benchmark>/<profile>.parquet. Every command reads both."""

_EXAMPLES: Final = f"""\
examples:
  {PROGRAM} list --benchmark split_mnist
  {PROGRAM} show 3f0c                   # the beginning of an id is enough
  {PROGRAM} show 3f0c --plugin mine.py  # with the metrics that mine.py defines
  {PROGRAM} pack split_mnist default    # then commit results/split_mnist/default.parquet
  {PROGRAM} merge ../other/results      # take in the runs of another folder
  {PROGRAM} delete --status failed --dry-run
  {PROGRAM} hours                       # what five seeds of everything take
  {PROGRAM} anchors                     # published numbers beside ours

docs/results.md describes both forms and the fields of a record."""


def make_parser() -> argparse.ArgumentParser:
    """The parser; names of benchmarks, profiles and runs are checked later, against what is there.

    The name of the subcommand is in `command`.
    """
    parser = CommandParser(
        prog=PROGRAM,
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, summary: str, more: str = "") -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=summary, description=f"{summary}. {more}".strip())
        options.add_results(made)
        options.add_plugin(made)
        return made

    pack = command(
        "pack",
        "put run folders into the packed files, one a benchmark and profile",
        "The file is read back and compared, then the folders are removed. Masks are not packed: "
        "unless --keep is given, they are removed with their folders.",
    )
    _which(pack)
    pack.add_argument(
        "--keep", action="store_true", help="leave the folders, and the masks in them"
    )

    unpack = command(
        "unpack",
        "make a folder of each packed run",
        "The folders are read back and compared, then the runs are taken out of the packed file.",
    )
    _which(unpack)
    unpack.add_argument("--run", action="append", default=[], metavar="ID", help="only this run; "
        "the beginning of an id is enough; may be repeated")  # fmt: skip
    unpack.add_argument("--keep", action="store_true", help="leave the packed files as they are")

    listing = command("list", "list what is stored")
    _filters(listing)
    listing.add_argument(
        "--runs", action="store_true", help="each run with its id, not each setting"
    )

    show = command("show", "show all that is known of one run")
    show.add_argument("run", metavar="ID", help="the run's id, or the beginning of it")

    command("verify", "read everything and name what is damaged")

    merge = command(
        "merge",
        "take in the runs of another results folder, in either form",
        "Runs that are missing here, or failed here and finished there, are copied as folders. "
        "Nothing else is overwritten; runs that differ are named. `pack` packs them afterwards.",
    )
    merge.add_argument(
        "other", type=options.path, metavar="OTHER_RESULTS", help="it is left as it is"
    )

    delete = command("delete", "delete runs, by id or by what they have in common")
    delete.add_argument("run", nargs="*", metavar="ID", help="a run's id, or the beginning of it")
    _filters(delete)
    delete.add_argument("--yes", action="store_true", help="do not ask")
    delete.add_argument("--dry-run", action="store_true", help="say what would be deleted")

    command(
        "anchors",
        "set published numbers beside ours in the same setting",
        "Markdown, for docs/protocol.md.",
    )

    hours = command(
        "hours",
        "say what the comparison of each benchmark costs, by what stored runs have taken",
        "A Markdown table, of the methods that are compared by default.",
    )
    options.add_profile(hours)
    hours.add_argument(
        "--seeds", type=options.count, default=5, metavar="N", help="of each method (default: 5)"
    )
    return parser


def _which(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("benchmark", nargs="?", metavar="BENCHMARK", help="default: all of them")
    parser.add_argument("profile", nargs="?", metavar="PROFILE", help="default: all of them")


def _filters(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--benchmark", metavar="NAME", help="only of this benchmark")
    add("--profile", metavar="NAME", help="only of this profile")
    add("--scenario", choices=tuple(SCENARIOS), help="only runs in this scenario")
    add("--method", metavar="NAME", help="only of this method")
    add(
        "--status", choices=STATUSES, help="only runs that ended so, or folders that cannot be read"
    )
    add("--place", choices=PLACES, help="only runs stored in this form")
