"""What `--plan` shows: which runs would be made and which need not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from harness.cli.orchestration import TO_RUN
from harness.config.run import Run
from harness.storage.checkpoints import Checkpoint


def plan_table(
    states: Sequence[tuple[Run, str]], unfinished: Mapping[str, Checkpoint] | None = None
) -> Table:
    """What would run and what need not, one row per scenario and method.

    Normalisation and outputs depend on both, and so stand beside the settings.

    Args:
        states: every run with `TO_RUN` or its state in the store.
        unfinished: the checkpoints that runs would go on from, by the runs' ids.
    """
    titles = (TO_RUN, "finished", "failed", "diverged", "damaged")
    rows: dict[tuple[str, str], tuple[str, dict[str, list[str]]]] = {}
    for run, state in states:
        empty: dict[str, list[str]] = {title: [] for title in titles}
        _, seeds = rows.setdefault((run.scenario, run.baseline), (_settings(run), empty))
        checkpoint = (unfinished or {}).get(run.id) if state == TO_RUN else None
        done = f" ({checkpoint.done}/{checkpoint.tasks} tasks done)" if checkpoint else ""
        seeds[state].append(f"{run.seed}{done}")
    shown = [title for title in titles if any(seeds[title] for _, seeds in rows.values())]
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for title in ("scenario", "method", *(f"seeds\n{title}" for title in shown), "settings"):
        table.add_column(title, vertical="top", overflow="fold")
    for (scenario, name), (settings, seeds) in rows.items():
        cells = (scenario, name, *(" ".join(seeds[title]) for title in shown), settings)
        table.add_row(*map(Text, cells))
    return table


def _settings(run: Run) -> str:
    """Those of the method, and what the scenario decided of the budget."""
    decided = {name: run.training[name] for name in ("norm", "outputs") if name in run.training}
    return ", ".join(f"{name}={value}" for name, value in {**run.settings, **decided}.items())
