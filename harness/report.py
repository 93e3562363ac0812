"""`python -m harness.report`: remake a report from `results/` alone, in seconds, without torch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import PROFILES
from harness.config.suggestions import unknown

FORMATS: Final = ("pdf", "md", "csv", "tex")


def make_report(
    results: Path, reports: Path, benchmark: str, profile: str, formats: Sequence[str]
) -> list[Path]:
    """Write a report in each format.

    Args:
        results: folder of the results.
        reports: folder to write to.
        benchmark: its name.
        profile: its name; it is part of the file's name unless it is "default".
        formats: of `FORMATS`.

    Returns:
        The files written.

    Raises:
        NoFinishedRunError: there is no finished run.
    """
    from harness.analysis.labelled_counterparts import with_labels
    from harness.analysis.leaderboard import leaderboard
    from harness.analysis.selection import select
    from harness.reporting.document import typeset
    from harness.reporting.exports import EXPORTS
    from harness.storage import store

    found = select(store.read(results, benchmark, profile))
    supervised = with_labels(results, benchmark, profile)
    for path, reason in found.damaged.items():
        sys.stderr.write(f"{path} is damaged and left alone ({reason})\n")
    stem = benchmark if profile == "default" else f"{benchmark}-{profile}"
    written = []
    for kind in formats:
        path = reports / f"{stem}.{kind}"
        if kind == "pdf":
            typeset(leaderboard(found, supervised), found, path)
        else:
            text = EXPORTS[kind](leaderboard(found, supervised))
            reports.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        written.append(path)
    return written


def main(words: Sequence[str]) -> int:
    """Do what the words after the program's name ask; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m harness.report",
        description="Remake a report from the results on disk. No torch, no training: seconds.",
        epilog="example: python -m harness.report --benchmark split_mnist --format pdf,md",
    )
    add = parser.add_argument
    add("--benchmark", required=True, metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}")
    add("--profile", default="default", metavar="NAME", help=f"one of {', '.join(PROFILES)}")
    add("--format", default="pdf", metavar="A,B", help=f"of {', '.join(FORMATS)} (default: pdf)")
    add("--results", type=Path, default=Path("results"), metavar="DIR", help="default: results")
    add("--reports", type=Path, default=Path("reports"), metavar="DIR", help="default: reports")
    given = parser.parse_args(words)
    formats = given.format.split(",")
    for kind, name, known in [
        ("benchmark", given.benchmark, list(BENCHMARKS)),
        ("profile", given.profile, list(PROFILES)),
        *(("format", name, list(FORMATS)) for name in formats),
    ]:
        if name not in known:
            parser.error(unknown(kind, name, known))
    from harness.analysis.leaderboard import NoFinishedRunError

    try:
        written = make_report(given.results, given.reports, given.benchmark, given.profile, formats)
    except OSError as error:
        parser.error(f"cannot write to {given.reports}: {error}; name another folder by --reports")
    except NoFinishedRunError as error:
        command = f"python -m harness.compare --benchmark {given.benchmark}"
        parser.error(f"{error}; make some with: {command} --profile {given.profile}")
    for path in written:
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
