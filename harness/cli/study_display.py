"""What `python -m harness.tune` prints: the scores of every trial, and where the choice went."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:  # a wrong argument need not wait for it
    from harness.storage.studies import Study, Trial


def study_table(study: Study) -> Table:
    """The trials of a study, best score first, with the one that was chosen marked.

    Scores are means over seeds of the average accuracy after the last task, in percent, on training
    data that were held out.

    Args:
        study: that has ended.
    """
    names = list(study.settings)
    table = Table(
        title=f"{study.method} on {study.benchmark}, {study.scenario}",
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
    )
    table.add_column("Trial", justify="right")
    for name in names:
        table.add_column(name, justify="right", overflow="fold")
    table.add_column("Score", justify="right", no_wrap=True)
    table.add_column("Seeds", justify="right")
    table.add_column("", no_wrap=True)
    for trial in sorted(study.trials, key=lambda one: (one.pruned, -one.value)):
        style = "bold" if trial.number == study.chosen else ""
        cells = (
            str(trial.number),
            *(_shown(trial.settings[name]) for name in names),
            f"{100 * trial.value:.2f}",
            str(len(trial.runs)),
            _remark(study, trial),
        )
        table.add_row(*(Text(cell, style=style) for cell in cells))
    return table


def edges(study: Study) -> Iterator[str]:
    """For each chosen value that is at the edge of what was tried, how to search more widely.

    Args:
        study: that has ended.
    """
    for name in study.at_edge:
        wider = "VALUE,VALUE" if "values" in study.space[name] else "LOW..HIGH"
        yield (
            f"{study.method}.{name}={study.settings[name]:g} in {study.scenario} is at the edge of "
            f"what was tried; search more widely by --search {study.method}.{name}={wider}"
        )


def _remark(study: Study, trial: Trial) -> str:
    if trial.number == study.chosen:
        return "chosen"
    return "pruned" if trial.pruned else ""


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
