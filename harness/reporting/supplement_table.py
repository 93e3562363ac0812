"""The paper's Supplement Table 1 as a table of texts: observed beside printed."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from harness.analysis.conditions import CONDITIONS
from harness.config.benchmarks import BENCHMARKS
from harness.reporting.model import Table, Text


def supplement_table(found: pd.DataFrame, benchmarks: Sequence[str]) -> Table:
    """Which conditions of strict continual learning methods were seen to give up.

    Args:
        found: as `harness.analysis.conditions.observed_conditions` returns it.
        benchmarks: whose runs were looked at.
    """
    rows = []
    for _, group in found.groupby("baseline", sort=False):
        cells = [
            Text((one["observed"] or "–") + (" ≠" if one["differs"] else ""), quoted=one["quoted"])
            for one in group.to_dict("records")
        ]
        rows.append([Text(group["method"].iloc[0]), *cells])
    titles = ", ".join(BENCHMARKS[name].title for name in benchmarks)
    summary = (
        "Supplement Table 1. Conditions of strict continual learning that a method gives up: seen "
        f"in runs on {titles} without the task identity, on any of them; quoted: what the paper "
        "prints (*: exceptions exist); ≠: seen otherwise."
    )
    return Table(
        "Supplement Table 1",
        ["Method", *(condition.title for condition in CONDITIONS)],
        rows,
        notes=[f"{condition.title}: {condition.seen_by}" for condition in CONDITIONS],
        summary=summary,
    )
