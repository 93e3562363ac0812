"""Figures of a study: how it went, what each setting did, and how much each decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from baselines.interface import Choices
from harness.config.study_file import StudyPlan
from harness.reporting.figures.style import grid, literal
from harness.tuning.trials import StudyTrial, best

_COLUMNS: Final = 3
_HUE: Final = "#0173b2"
_BEST: Final = "#d55e00"

COURSE: Final = (
    "Average accuracy of each trial on held-out training data, mean over seeds: dots for those "
    "that saw the whole stream, rings for those that were stopped before. Line: the best so far."
)
SETTINGS: Final = (
    "The values that were tried of each setting, and what came of them; the vertical line is at "
    "the best trial. Last, the share of the variance that each setting explains (fANOVA)."
)


def course(plan: StudyPlan, trials: Sequence[StudyTrial]) -> Figure:
    """Accuracy by the number of the trial, with the best so far.

    Args:
        plan: of the study.
        trials: of it.
    """
    figure, axes = grid(1, 1, height=2.4)
    axis = axes.flat[0]
    _points(axis, plan, trials, lambda trial: trial.number)
    whole = [(one.number, one.accuracies[-1] * 100) for one in trials if _is_whole(plan, one)]
    if whole:
        numbers, values = zip(*whole, strict=True)
        axis.step(numbers, np.maximum.accumulate(values), where="post", color=_BEST, lw=0.9)
    axis.set(xlabel="trial", ylabel="ACC, held out (%)")
    return figure


def settings(plan: StudyPlan, trials: Sequence[StudyTrial], shares: Mapping[str, float]) -> Figure:
    """A panel for each setting, and one for their importances where there are any.

    Args:
        plan: of the study.
        trials: of it.
        shares: of `harness.tuning.importances.importances`.
    """
    panels = len(plan.space) + bool(shares)
    figure, axes = grid(-(-panels // _COLUMNS), min(panels, _COLUMNS), height=2.0)
    for axis in axes.flat[panels:]:
        axis.set_axis_off()
    for axis, name in zip(axes.flat, plan.space, strict=False):
        _setting(axis, plan, trials, name)
    for axis in axes[:, 0]:
        axis.set_ylabel("ACC, held out (%)")
    if shares:
        names = list(shares)[::-1]
        last = axes.flat[panels - 1]
        last.barh([literal(name) for name in names], [shares[n] * 100 for n in names], color=_HUE)
        last.set(xlabel="importance (%)", ylabel="")
        last.tick_params(labelsize=6)
    return figure


def _setting(axis: Axes, plan: StudyPlan, trials: Sequence[StudyTrial], name: str) -> None:
    searched = plan.space[name]
    chosen = best(plan, trials)
    if isinstance(searched, Choices):
        values = list(searched.values)
        axis.set_xticks(range(len(values)), [literal(str(value)) for value in values])
        axis.set_xlim(-0.5, len(values) - 0.5)
        place: Any = values.index
    else:
        axis.set_xscale("log")
        axis.axvspan(searched.low, searched.high, color="0.93", lw=0)
        place = float
    _points(axis, plan, trials, lambda trial: place(trial.settings[name]))
    if chosen:
        axis.axvline(place(chosen.settings[name]), color=_BEST, lw=0.8, ls="--")
    axis.set_xlabel(literal(name))
    axis.tick_params(labelsize=6)


def _points(axis: Axes, plan: StudyPlan, trials: Sequence[StudyTrial], place: Any) -> None:
    for whole, look in ((True, {"mfc": _HUE}), (False, {"mfc": "none", "mew": 0.6})):
        shown = [trial for trial in trials if _is_whole(plan, trial) == whole]
        x, y = [place(trial) for trial in shown], [trial.accuracies[-1] * 100 for trial in shown]
        axis.plot(x, y, "o", ms=3.5, color=_HUE, **look)


def _is_whole(plan: StudyPlan, trial: StudyTrial) -> bool:
    return len(trial.accuracies) == len(plan.rungs)
