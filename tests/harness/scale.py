"""Stores of many runs, and what reading them costs (`docs/reliability.md`).

`python tests/harness/scale.py 1000 20000` makes stores of so many runs in both forms, out of the
committed runs under other seeds, and prints the seconds and the memory of a report and of a plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd

from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.plan import default_methods
from harness.storage import packed, store
from harness.storage.provenance import ROOT
from harness.storage.record import Record

BENCHMARK: Final = "split_mnist"
PROFILE: Final = "default"
FORMS: Final = ("folders", "packed")

_TASK_AT_A_TIME: Final = 8
"""Committed runs of one method, under other seeds, are equal copies; nothing averages them."""


def templates() -> list[tuple[Record, pd.DataFrame]]:
    """A committed run, with its rows, of each method that is compared by default."""
    found = store.read(ROOT / "results", BENCHMARK, PROFILE)
    names = default_methods(BENCHMARKS[BENCHMARK], methods())
    records = {
        record.run.baseline: record
        for record in found.records
        if record.run.baseline in names and not record.run.overrides
    }
    rows = {str(name): group for name, group in found.rows.groupby("run_id")}
    return [(record, rows[record.run.id]) for record in records.values()]


def runs(count: int) -> Iterator[tuple[Record, pd.DataFrame]]:
    """So many finished runs: those of `templates` under the seeds from 0 on.

    Args:
        count: number of runs.
    """
    made = templates()
    for number in range(count):
        record, rows = made[number % len(made)]
        run = replace(record.run, seed=number // len(made))
        yield replace(record, run=run), rows.assign(run_id=run.id, seed=run.seed)


def make_store(results: Path, count: int, form: str) -> None:
    """Write a store of so many runs.

    Args:
        results: the folder.
        count: number of runs.
        form: "folders" or "packed".
    """
    if form == "folders":
        for record, rows in runs(count):
            store.save(results, record, rows)
        return
    records, tables = zip(*runs(count), strict=True)
    content = packed.in_order(records, tables)
    packed.write(packed.path_of(results, BENCHMARK, PROFILE), content)
