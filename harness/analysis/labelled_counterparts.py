"""What task labels are worth: runs without them against runs with them, on the same tasks."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from harness.analysis.derivation import derive
from harness.analysis.metrics.degradation import degradation
from harness.analysis.selection import select
from harness.config.benchmark_registry import benchmarks
from harness.config.run import Run
from harness.storage import store
from harness.storage.store import Results
from harness.storage.texts import as_texts


def labelled_counterpart(benchmark: str, profile: str) -> tuple[str, str] | None:
    """The benchmark of the same tasks with labels, and the profile there that has the same budget.

    Args:
        benchmark: a stream without labels, or any other, which has no counterpart.
        profile: its name.
    """
    here = benchmarks().get(benchmark)
    if here is None or not here.labelled_counterpart:
        return None
    for name, budget in benchmarks()[here.labelled_counterpart].budgets.items():
        if budget == here.budgets.get(profile):
            return here.labelled_counterpart, name
    return None


def with_labels(results: Path, benchmark: str, profile: str) -> Results | None:
    """The runs that count of `labelled_counterpart`, if there is one.

    Args:
        results: folder of all results.
        benchmark: its name.
        profile: its name.
    """
    there = labelled_counterpart(benchmark, profile)
    return None if there is None else select(store.read(results, *there))


def lost_without_labels(
    results: Results, derived: pd.DataFrame, supervised: Results
) -> pd.DataFrame:
    """The degradation of each run that has a comparable one with labels.

    Args:
        results: without labels.
        derived: of their rows.
        supervised: of the same tasks with labels; runs of another budget or, of the same method,
            with other settings are not comparable.

    Returns:
        The columns of `derived`.
    """
    names = {r.method.counterpart: r.run.baseline for r in results.records if r.method.counterpart}
    own = {record.run.baseline: record.run for record in results.records if not record.run.setting}

    def comparable(there: Run) -> bool:
        here = own.get(names.get(there.baseline, there.baseline))
        if here is None or here.training != there.training:
            return False
        return here.baseline != there.baseline or here.settings == there.settings

    kept = {record.run.id for record in supervised.records if comparable(record.run)}
    rows = supervised.rows
    rows = rows[rows["run_id"].isin(kept) & (rows["metric"] == "accuracy")]
    return degradation(derived, as_texts(derive(rows)).replace({"baseline": names}))
