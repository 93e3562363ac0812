"""`python -m harness.results`: list, show, check, pack, merge and delete stored runs. No torch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from baselines.plugins import PluginError
from harness.cli import options
from harness.cli.arguments import ArgumentError
from harness.cli.console import end_quietly
from harness.cli.damage import option_of
from harness.cli.exit_codes import FINISHED, INCOMPLETE, INTERRUPTED
from harness.cli.folders import readable_folder
from harness.cli.names import known_name
from harness.cli.results_display import counted, description, measurements, overview
from harness.cli.results_options import PROGRAM, make_parser
from harness.cli.results_selection import chosen_pairs, chosen_runs, find_run, where_ids_are
from harness.config.budgets import PROFILES

if TYPE_CHECKING:
    from harness.storage.packing import Moved

_WIDE: Final = 280
"""Columns of a table that goes to a file or a pipe."""


def main(argv: Sequence[str]) -> int:
    """Do what the command line asks for; the exit status.

    Raises:
        SystemExit: for a wrong argument and for --help.
    """
    options.import_plugins(argv, "harness.results")
    parser = make_parser()
    args = parser.parse_args(argv)
    from harness.storage.damage import DamageError  # pandas; a wrong option need not wait for it

    try:
        readable_folder("--results", args.results)
        if not args.results.is_dir():
            raise ArgumentError(f"--results: there is no folder {args.results}; {_make(args)}")
        return _COMMANDS[args.command](args)
    except (ArgumentError, PluginError) as error:
        parser.error(str(error))
    except BrokenPipeError:  # `| head` has read enough
        end_quietly()
        return FINISHED
    except OSError as error:
        parser.error(f"{error}; see to it that {args.results} can be written")
    except DamageError as error:
        _say(
            f"{error}; `{PROGRAM} verify{option_of(args.results)}` names all that is damaged",
            sys.stderr,
        )
        return INCOMPLETE
    except KeyboardInterrupt:
        _say("Interrupted. No run is lost; the same command goes on from there.", sys.stderr)
        return INTERRUPTED


def _pack(args: argparse.Namespace) -> int:
    from harness.storage.packing import pack

    def report(done: Moved) -> None:
        _say(f"{done.file}: {counted(len(done.folders), 'run')} packed, {_size(done.file)}")
        kept = "kept" if args.keep else "removed"
        masks = f"; {decimal(done.masks)} of masks in them are not packed" if done.masks else ""
        _say(f"  {counted(len(done.folders), 'folder')} {kept}{masks}")

    def action(benchmark: str, profile: str) -> Moved:
        return pack(args.results, benchmark, profile, keep=args.keep)

    return _move(args, action, report)


def _unpack(args: argparse.Namespace) -> int:
    from harness.storage.packing import unpack

    ids = {find_run(args.results, run)[0].run_id for run in args.run} or None

    def report(done: Moved) -> None:
        _say(f"{done.file}: {counted(len(done.folders), 'run')} unpacked")
        if not args.keep:
            rest = f"keeps the others, {_size(done.file)}" if done.file.exists() else "is removed"
            _say(f"  the packed file {rest}")

    def action(benchmark: str, profile: str) -> Moved:
        return unpack(args.results, benchmark, profile, ids, keep=args.keep)

    return _move(args, action, report)


def _move(
    args: argparse.Namespace,
    action: Callable[[str, str], Moved],
    report: Callable[[Moved], None],
) -> int:
    """Pack or unpack the pairs asked for; a damaged one stops no other."""
    from harness.storage.damage import DamageError

    left: dict[str, str] = {}
    moved = 0
    for benchmark, profile in chosen_pairs(args):
        try:
            done = action(benchmark, profile)
        except DamageError as error:
            left[f"{args.results / benchmark}/{profile}"] = str(error)
            continue
        left |= {str(path): reason for path, reason in done.left.items()}
        moved += len(done.folders)
        if done.folders:
            report(done)
    if not moved:
        _say(f"There is nothing to {args.command}.")
    return _account(left)


def _list(args: argparse.Namespace) -> int:
    from harness.storage.inventory import take_inventory

    inventory = take_inventory(args.results)
    runs = chosen_runs(args, inventory.runs)
    for heading, table in overview(inventory, runs, each=args.runs):
        _say(heading)
        _print(table)
        _say("")
    if not runs:
        _say(
            "No run is like that."
            if inventory.runs
            else f"{args.results} holds no run; {_make(args)}"
        )
    return _account({str(path): reason for path, reason in inventory.damaged.items()})


def _show(args: argparse.Namespace) -> int:
    from harness.storage.inventory import that_counts

    stored = that_counts(find_run(args.results, args.run))
    if stored.status == "damaged":
        return _account({str(stored.path): stored.damage})
    record, rows = stored.read()
    _print(description(stored, record))
    if record.provenance.get("dirty"):
        _say("It was made with uncommitted changes: its commit alone may not make it again.")
    if record.status != "finished":
        _say(f"\n{record.error}")
    else:
        _say("")
        _print(measurements(rows))
    return FINISHED


def _verify(args: argparse.Namespace) -> int:
    from harness.storage.maintenance import verify

    found = verify(args.results)
    _say(
        f"{counted(found.runs, 'run')} with {found.rows:,} rows, in "
        f"{counted(found.files, 'packed file')} and {counted(found.folders, 'folder')}; "
        f"{counted(found.studies, 'study', 'studies')}"
    )
    return _account({str(path): reason for path, reason in found.damaged.items()})


def _merge(args: argparse.Namespace) -> int:
    from harness.storage.maintenance import merge

    readable_folder("OTHER_RESULTS", args.other)
    if not args.other.is_dir():
        raise ArgumentError(f"there is no folder {args.other}; name another results folder")
    if args.other.resolve() == args.results.resolve():
        raise ArgumentError(f"{args.other} is --results itself; name another results folder")
    done = merge(args.results, args.other)
    _say(f"{counted(len(done.taken), 'run')} taken, {done.present} here before.")
    if done.studies:
        _say(f"{counted(len(done.studies), 'study', 'studies')} taken.")
    if done.taken:
        _say(f"They are folders now; to pack them: {PROGRAM} pack{option_of(args.results)}")
    return _account(done.left)


def _delete(args: argparse.Namespace) -> int:
    from harness.storage.inventory import take_inventory
    from harness.storage.maintenance import delete

    filters = (
        args.benchmark, args.profile, args.scenario, args.method, args.status, args.place
    )  # fmt: skip
    if not args.run and not any(filters):
        raise ArgumentError(f"name runs or a filter; {where_ids_are(args.results)}")
    ids = {run.run_id for text in args.run for run in find_run(args.results, text)}
    runs = chosen_runs(args, take_inventory(args.results).runs, sorted(ids))
    for run in runs:
        _say(f"{run.path} {'' if run.place == 'folder' else run.run_id}".strip())
    if not runs:
        _say("No run is like that.")
        return FINISHED
    if args.dry_run:
        _say(f"{counted(len(runs), 'run')} would be deleted.")
        return FINISHED
    if not args.yes and not _agreed(f"Delete {counted(len(runs), 'run')}? [y/N] "):
        _say("Nothing is deleted.")
        return INCOMPLETE
    delete(args.results, runs)
    _say(f"{counted(len(runs), 'run')} deleted.")
    return FINISHED


def _anchors(args: argparse.Namespace) -> int:
    from harness.reporting.pages.anchors import anchors_section

    _say(anchors_section(args.results))
    return FINISHED


def _hours(args: argparse.Namespace) -> int:
    from harness.reporting.pages.hours import hours_table

    profile = known_name("profile", args.profile, PROFILES)
    _say(hours_table(args.results, profile, args.seeds))
    return FINISHED


_COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "pack": _pack,
    "unpack": _unpack,
    "list": _list,
    "show": _show,
    "verify": _verify,
    "merge": _merge,
    "delete": _delete,
    "hours": _hours,
    "anchors": _anchors,
}


def _make(args: argparse.Namespace) -> str:
    command = "python -m harness.compare --benchmark split_mnist"
    return f"make runs with: {command}{option_of(args.results)}"


def _agreed(question: str) -> bool:
    """Whether the user says yes.

    Raises:
        ArgumentError: nobody can be asked.
    """
    if not sys.stdin.isatty():
        raise ArgumentError("nobody can be asked here; add --yes, or --dry-run to see what goes")
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _account(left: Mapping[str, str]) -> int:
    """Name what is damaged or contradicts what is here; the exit status."""
    for path, reason in left.items():
        _say(f"{path} is left alone: {reason}", sys.stderr)
    return INCOMPLETE if left else FINISHED


def _size(file: Path) -> str:
    return decimal(file.stat().st_size)


def _print(table: Table) -> None:
    """Print a table, in a file or a pipe as wide as it needs and without blanks at the ends."""
    out = Console()
    if out.is_terminal:
        out.print(table)
        return
    out.width = _WIDE
    with out.capture() as lines:
        out.print(table)
    _say("\n".join(line.rstrip() for line in lines.get().splitlines()))


def _say(text: str, stream: TextIO | None = None) -> None:
    (stream or sys.stdout).write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
