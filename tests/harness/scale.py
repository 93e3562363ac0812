"""Stores of many runs, and what a report and a plan of them cost (`docs/reliability.md`).

`python tests/harness/scale.py 1000 20000` makes a store of so many runs in either form out of the
committed runs, under other seeds, and prints the seconds and the memory of each command. Making
20,000 run folders takes some minutes and 300 MB; with `--keep DIR` they are there next time.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd

from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.plan import default_methods
from harness.storage import packed, schema, store
from harness.storage.provenance import ROOT
from harness.storage.record import Record

BENCHMARK: Final = "split_mnist"
PROFILE: Final = "default"
FORMS: Final = ("folders", "packed")


def templates() -> list[tuple[Record, pd.DataFrame]]:
    """A committed run, with its rows, of each method that is compared by default."""
    found = store.read(ROOT / "results", BENCHMARK, PROFILE)
    names = default_methods(BENCHMARKS[BENCHMARK], methods())
    records = {
        record.run.baseline: record
        for record in found.records
        if record.run.baseline in names and not record.run.overrides
    }
    rows = schema.by_run(found.rows)
    return [(record, rows[record.run.id]) for record in records.values()]


def runs(count: int) -> Iterator[tuple[Record, pd.DataFrame]]:
    """So many finished runs: those of `templates` under the seeds from 0 on."""
    made = templates()
    for number in range(count):
        record, rows = made[number % len(made)]
        run = replace(record.run, seed=number // len(made))
        mine = schema.check(rows.assign(run_id=run.id, seed=run.seed))
        yield replace(record, run=run), mine


def make_store(results: Path, count: int, form: str) -> None:
    """Write a store.

    Args:
        results: the folder.
        count: number of runs.
        form: of `FORMS`.
    """
    if form == "folders":
        for record, rows in runs(count):
            store.save(results, record, rows)
        return
    records, tables = zip(*runs(count), strict=True)
    packed.write(packed.path_of(results, BENCHMARK, PROFILE), packed.in_order(records, tables))


def measured(words: Sequence[str]) -> tuple[float, float, float]:
    """Seconds that a command takes on the clock and on processors, and the MB that it has at most.

    Args:
        words: after `python -m`.

    Raises:
        RuntimeError: it fails.
    """
    start = time.perf_counter()
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = os.posix_spawn(
        sys.executable, [sys.executable, "-m", *words], environment, file_actions=quiet
    )
    _, status, usage = os.wait4(process, 0)
    if status:
        raise RuntimeError(f"{' '.join(words)} ended with {status}")
    seconds = time.perf_counter() - start
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def main(argv: Sequence[str]) -> None:
    """Print a line for each store and command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("runs", type=int, nargs="+", help="numbers of runs")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where the stores are, or will be")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        sys.stdout.write(
            "| runs | form | command | seconds | of a processor | MB |\n"
            "| ---: | --- | --- | ---: | ---: | ---: |\n"
        )
        for count in args.runs:
            for form in FORMS:
                results = (args.keep or Path(name)) / f"{form}-{count}"
                if not results.exists():
                    make_store(results, count, form)
                seeds = -(-count // len(templates()))
                common = ["--benchmark", BENCHMARK, "--results", str(results)]
                reports = ["--reports", str(Path(name) / "reports")]
                for command, words in (
                    ("report", ["harness.report", *common, *reports]),
                    (
                        "compare --plan",
                        ["harness.compare", *common, "--plan", "--seeds", str(seeds)],
                    ),
                ):
                    seconds, busy, size = measured(words)
                    numbers = f"{seconds:.1f} | {busy:.1f} | {size:,.0f}"
                    sys.stdout.write(f"| {count:,} | {form} | {command} | {numbers} |\n")
                    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
