"""What `--plan` shows: which runs would be made and which need not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table

from harness.cli.orchestration import TO_RUN
from harness.config.run import Run


def plan_table(states: Sequence[tuple[Run, str]]) -> Table:
    """What would run and what need not, one row per method.

    Args:
        states: every run with `TO_RUN`, "finished", "failed" or "damaged".
    """
    titles = (TO_RUN, "finished", "failed", "damaged")
    rows: dict[str, tuple[Mapping[str, object], dict[str, list[int]]]] = {}
    for run, state in states:
        _, seeds = rows.setdefault(run.baseline, (run.settings, {title: [] for title in titles}))
        seeds[state].append(run.seed)
    shown = [title for title in titles if any(seeds[title] for _, seeds in rows.values())]
    table = Table("method", "settings", *(f"seeds {title}" for title in shown))
    for name, (settings, seeds) in rows.items():
        values = ", ".join(f"{key}={value}" for key, value in settings.items())
        table.add_row(name, values, *(" ".join(map(str, seeds[title])) for title in shown))
    return table
