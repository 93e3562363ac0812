"""What `--plan` shows: which runs would be made and which need not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from harness.cli.orchestration import TO_RUN
from harness.config.run import Run
from harness.storage.checkpoints import Checkpoint


def plan_table(
    states: Sequence[tuple[Run, str]], unfinished: Mapping[str, Checkpoint] | None = None
) -> Table:
    """What would run and what need not, one row per scenario and method.

    Args:
        states: every run with `TO_RUN` or its state in the store.
        unfinished: the checkpoints that runs would go on from, by the runs' ids.
    """
    titles = (TO_RUN, "finished", "failed", "diverged", "damaged")
    rows: dict[tuple[str, str], tuple[Mapping[str, object], dict[str, list[str]]]] = {}
    for run, state in states:
        key = (run.scenario, run.baseline)
        _, seeds = rows.setdefault(key, (run.settings, {title: [] for title in titles}))
        checkpoint = (unfinished or {}).get(run.id) if state == TO_RUN else None
        done = f" ({checkpoint.done}/{checkpoint.tasks} tasks done)" if checkpoint else ""
        seeds[state].append(f"{run.seed}{done}")
    shown = [title for title in titles if any(seeds[title] for _, seeds in rows.values())]
    table = Table("scenario", "method", "settings", *(f"seeds {title}" for title in shown))
    for (scenario, name), (settings, seeds) in rows.items():
        values = ", ".join(f"{key}={value}" for key, value in settings.items())
        cells = (scenario, name, values, *(" ".join(seeds[title]) for title in shown))
        table.add_row(*map(Text, cells))
    return table
