"""Which of the stored runs the arguments of `python -m harness.results` mean."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.cli.arguments import ArgumentError
from harness.cli.damage import option_of
from harness.cli.results_options import PROGRAM
from harness.config.suggestions import unknown

if TYPE_CHECKING:
    from harness.storage.inventory import StoredRun

_NAMED: Final = 8
"""So many ids are named where one is asked for."""


def chosen_pairs(args: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """The pairs of benchmark and profile that the positional arguments name, all by default.

    Raises:
        ArgumentError: there is no such one.
    """
    from harness.storage.store import contents

    pairs = contents(args.results)
    benchmarks = list(dict.fromkeys(benchmark for benchmark, _ in pairs))
    _known(args, "benchmark", benchmarks)
    chosen = [pair for pair in pairs if args.benchmark in (None, pair[0])]
    _known(args, "profile", [profile for _, profile in chosen])
    return (pair for pair in chosen if args.profile in (None, pair[1]))


def chosen_runs(
    args: argparse.Namespace, runs: Sequence[StoredRun], ids: Sequence[str] = ()
) -> list[StoredRun]:
    """The runs that meet --benchmark, --profile, --scenario, --method, --status and --place.

    Args:
        args: as parsed.
        runs: of the inventory of the results folder.
        ids: only these; none: all.

    Raises:
        ArgumentError: an option names what no run has.
    """
    from harness.storage.inventory import matching

    for name in ("benchmark", "profile", "method"):
        _known(args, name, sorted({getattr(run, name) for run in runs}))
    return matching(
        runs,
        ids,
        benchmark=args.benchmark,
        profile=args.profile,
        scenario=args.scenario,
        method=args.method,
        status=args.status,
        place=args.place,
    )


def where_ids_are(results: Path) -> str:
    """What to type for the ids of the runs in a folder, in words."""
    return f"`{PROGRAM} list --runs{option_of(results)}` has the ids"


def _known(args: argparse.Namespace, kind: str, names: Sequence[str]) -> None:
    name = getattr(args, kind)
    if name is not None and name not in names:
        raise ArgumentError(unknown(f"{kind} in {args.results}", name, names))


def find_run(results: Path, beginning: str) -> list[StoredRun]:
    """The one run whose id begins so, once for each place where it is stored.

    Args:
        results: folder of all results.
        beginning: of the id, as typed.

    Raises:
        ArgumentError: there is none, or several.
    """
    from harness.storage.inventory import matching, take_inventory

    copies = matching(take_inventory(results).runs, [beginning])
    ids = sorted({run.run_id for run in copies})
    if not beginning or not ids:
        raise ArgumentError(f"no run has the id {beginning!r}; {where_ids_are(results)}")
    if len(ids) > 1:
        more = ", ..." if len(ids) > _NAMED else ""
        named = ", ".join(ids[:_NAMED]) + more
        raise ArgumentError(f"{len(ids)} ids begin with {beginning!r}, type more of it: {named}")
    return copies
