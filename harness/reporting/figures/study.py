"""Figures of a study: how it went, what each setting did, and how much each decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from harness.reporting.figures.search_panel import CHOSEN, HUE, draw_setting, draw_trials
from harness.reporting.figures.style import grid, literal
from harness.reporting.searches import Searched

_COLUMNS: Final = 3
_SIZE: Final = 3.5
"""Of a dot, in points."""
_HELD_OUT: Final = "ACC, held out (%)"

COURSE: Final = (
    "Average accuracy of each trial on held-out training data, mean over seeds: dots for those "
    "that saw the whole stream, rings for those that were stopped before. Line: the best so far."
)
SETTINGS: Final = (
    "The values that were tried of each setting, and what came of them; grey: the range that was "
    "searched; the vertical line is at the best trial. Last, the share of the variance that each "
    "setting explains (fANOVA)."
)


def course(search: Searched) -> Figure:
    """Accuracy by the number of the trial, with the best so far."""
    figure, axes = grid(1, 1, height=2.4)
    axis = axes.flat[0]
    draw_trials(axis, search, lambda trial: trial.number, size=_SIZE)
    whole = [(one.number, one.accuracy * 100) for one in search.trials if one.whole]
    if whole:
        numbers, values = zip(*whole, strict=True)
        axis.step(numbers, np.maximum.accumulate(values), where="post", color=CHOSEN, lw=0.9)
    axis.set(xlabel="trial", ylabel=_HELD_OUT)
    return figure


def settings(search: Searched, shares: Mapping[str, float]) -> Figure:
    """A panel for each setting, and one for their importances where there are any.

    Args:
        search: of the study.
        shares: of `harness.tuning.importances.importances`.
    """
    panels = len(search.space) + bool(shares)
    figure, axes = grid(-(-panels // _COLUMNS), min(panels, _COLUMNS), height=2.0)
    for axis in axes.flat[panels:]:
        axis.set_axis_off()
    for axis, name in zip(axes.flat, search.space, strict=False):
        draw_setting(axis, search, name, size=_SIZE)
        axis.set_xlabel(literal(name))
        axis.tick_params(labelsize=6)
    for axis in axes[:, 0]:
        axis.set_ylabel(_HELD_OUT)
    if shares:
        names = list(shares)[::-1]
        last = axes.flat[panels - 1]
        last.barh([literal(name) for name in names], [shares[n] * 100 for n in names], color=HUE)
        last.set(xlabel="importance (%)", ylabel="")
        last.tick_params(labelsize=6)
    return figure
