"""The report of a study: its best trials, the importances of its settings, and its curves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import pandas as pd

from harness.config.study_file import StudyPlan
from harness.reporting.browser.search_charts import search_charts
from harness.reporting.figures import study as figures
from harness.reporting.figures.files import save
from harness.reporting.figures.style import STYLE
from harness.reporting.model import Figure, Report, Table, Text
from harness.reporting.searches import Searched, of_study
from harness.tuning.importances import importances
from harness.tuning.trials import StudyTrial, best

TEMPLATE: Final = Path(__file__).parent / "templates" / "study.typ"

_SHOWN: Final = 20
"""Trials of the table; all are in the data."""

_TRIALS: Final = "Trials"


def study_report(plan: StudyPlan, trials: Sequence[StudyTrial]) -> Report:
    """The report of a study, finished or not.

    Args:
        plan: what is searched.
        trials: those that have ended.
    """
    search = of_study(plan, trials)
    shares = importances(plan, trials)
    tables = [_trials(plan, trials)]
    if shares:
        rows = [[Text(name), Text(f"{share * 100:.0f}")] for name, share in shares.items()]
        tables.append(Table("Importances", ["Setting", "Share of the variance (%)"], rows))
    title = f"Study {plan.name}: {plan.method.title} on {plan.benchmark.title}, {plan.scenario}"
    return Report(
        stem=f"study-{plan.name}",
        title=title,
        tables=tables,
        data=_data(plan, trials),
        template=TEMPLATE,
        content={
            "title": title,
            "summary": _summary(plan, trials),
            "tables": [_content(table) for table in tables],
        },
        charts=lambda: search_charts([search], _TRIALS),
        draw=lambda folder, endings: _draw(search, shares, folder, endings),
    )


def _summary(plan: StudyPlan, trials: Sequence[StudyTrial]) -> str:
    whole = sum(len(trial.accuracies) == len(plan.rungs) for trial in trials)
    proposed = {"tpe": "proposed by TPE", "random": "drawn at random", "grid": "of a grid"}
    halved = ""
    if len(plan.rungs) > 1:
        after = ", ".join(map(str, plan.rungs[:-1]))
        halved = f" Trials were compared after {after} tasks (ASHA); {whole} saw the whole stream."
    seeds = f"{plan.seeds} seed{'s' if plan.seeds > 1 else ''} each"
    return (
        f"{len(trials)} of {plan.trials} trials, {proposed[plan.sampler]}, {seeds}, on held-out "
        f"training data, with seeds and orders of the classes that no comparison has.{halved}"
    )


def _trials(plan: StudyPlan, trials: Sequence[StudyTrial]) -> Table:
    """The best first: those that saw most tasks, then by their accuracy."""
    ranked = sorted(trials, key=lambda one: (-len(one.accuracies), -one.accuracies[-1]))
    first = best(plan, trials)
    rows = [
        [
            Text(str(one.number)),
            *(Text(str(value)) for value in one.settings.values()),
            Text(str(plan.rungs[len(one.accuracies) - 1])),
            Text(f"{one.accuracies[-1] * 100:.2f}", bold=one is first),
        ]
        for one in ranked[:_SHOWN]
    ]
    return Table(_TRIALS, ["Trial", *plan.space, "Tasks", "ACC, held out (%)"], rows)


def _data(plan: StudyPlan, trials: Sequence[StudyTrial]) -> pd.DataFrame:
    """One row for each trial and number of tasks that it came to."""
    rows = [
        {"trial": trial.number, **trial.settings, "tasks": tasks, "acc": value}
        for trial in trials
        for tasks, value in zip(plan.rungs, trial.accuracies, strict=False)
    ]
    return pd.DataFrame(rows, columns=["trial", *plan.space, "tasks", "acc"])


def _content(table: Table) -> dict[str, Any]:
    rows = [[[cell.text, cell.bold] for cell in row] for row in table.rows]
    return {"title": table.title, "head": list(table.head), "rows": rows}


def _draw(
    search: Searched, shares: dict[str, float], folder: Path, endings: Sequence[str]
) -> list[Figure]:
    drawn = []
    with mpl.rc_context(STYLE):
        for name, caption, figure in (
            ("course", figures.COURSE, figures.course(search)),
            ("settings", figures.SETTINGS, figures.settings(search, shares)),
        ):
            drawn.append(Figure(save(figure, folder / name, endings), caption, ""))
    return drawn
