"""The paper's Supplement Table 1 as a table of texts: observed beside printed."""

from __future__ import annotations

import pandas as pd

from harness.analysis.conditions import CONDITIONS
from harness.config.benchmarks import BENCHMARKS
from harness.reporting.model import Table, Text


def supplement_table(found: pd.DataFrame, benchmark: str) -> Table:
    """Which conditions of strict continual learning methods were seen to give up.

    Args:
        found: as `harness.analysis.conditions.observed_conditions` returns it.
        benchmark: whose runs were looked at.
    """
    rows = []
    for _, group in found.groupby("baseline", sort=False):
        cells = [
            Text((one["observed"] or "–") + (" ≠" if one["differs"] else ""), quoted=one["quoted"])
            for one in group.to_dict("records")
        ]
        rows.append([Text(group["method"].iloc[0]), *cells])
    summary = (
        "Supplement Table 1. Conditions of strict continual learning that a method gives up: seen "
        f"in runs on {BENCHMARKS[benchmark].title} without the task identity; quoted: what the "
        "paper prints (*: exceptions exist); ≠: seen otherwise."
    )
    return Table(
        "Supplement Table 1",
        ["Method", *(condition.title for condition in CONDITIONS)],
        rows,
        notes=[f"{condition.title}: {condition.seen_by}" for condition in CONDITIONS],
        summary=summary,
    )
