"""A setting that was searched: accuracy by its values, in figures of tuning and of studies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from matplotlib.axes import Axes

from baselines.interface import Choices, Range
from harness.reporting.figures.style import literal
from harness.reporting.searches import Searched, Tried

HUE: Final = "#0173b2"
CHOSEN: Final = "#d55e00"
_BESIDE: Final = 3
"""Names of values that have room beside each other under a panel."""


def draw_setting(axis: Axes, search: Searched, name: str, *, size: float) -> None:
    """Draw accuracy by the values that were tried of one setting.

    Dots are whole trials, joined where nothing else was searched, and rings those that were stopped
    before; seeds are faint. Grey is what was searched to begin with, dashed what was chosen.

    Args:
        axis: where to.
        search: that tried the values.
        name: of the setting.
        size: of the dots, in points.
    """
    tried = [trial.settings[name] for trial in search.trials]
    place = _places(axis, search.space[name], tried)
    for trial in search.trials:
        if trial.whole and trial.seeds:
            each = [value * 100 for value in trial.seeds]
            axis.plot([place(trial.settings[name])] * len(each), each, "_", color=HUE, alpha=0.4)
    line = "-" if len(search.space) == 1 else ""
    draw_trials(axis, search, lambda trial: place(trial.settings[name]), size=size, line=line)
    if (chosen := search.chosen) is not None:
        axis.axvline(place(chosen.settings[name]), color=CHOSEN, lw=0.8, ls="--")


def draw_trials(
    axis: Axes, search: Searched, place: Callable[[Tried], float], *, size: float, line: str = ""
) -> None:
    """Draw a dot for each whole trial, and a ring for each that was stopped before.

    Args:
        axis: where to.
        search: that tried them.
        place: of a trial on the abscissa.
        size: of the dots, in points.
        line: style of a line from dot to dot, if any.
    """
    for whole, look in ((True, {"ls": line, "lw": 0.7}), (False, {"ls": "", "mfc": "none"})):
        shown = [trial for trial in search.trials if trial.whole == whole]
        if points := sorted((place(trial), trial.accuracy * 100) for trial in shown):
            axis.plot(*zip(*points, strict=True), marker="o", ms=size, mew=0.5, color=HUE, **look)


def _places(axis: Axes, searched: Range | Choices, tried: Iterable[Any]) -> Callable[[Any], float]:
    """Where values are on the abscissa: on a logarithmic scale, or one beside the other."""
    if isinstance(searched, Range):
        axis.set_xscale("log")
        axis.minorticks_off()
        axis.axvspan(searched.low, searched.high, color="0.93", lw=0)
        return float
    values = sorted({*searched.values, *tried}) if searched.beyond else list(searched.values)
    names = [literal(str(value)) for value in values]
    axis.set_xticks(range(len(names)), names, rotation=90 if len(names) > _BESIDE else 0)
    axis.set_xlim(-0.5, len(names) - 0.5)
    ends = [values.index(one) for one in searched.values]
    axis.axvspan(min(ends) - 0.5, max(ends) + 0.5, color="0.93", lw=0)
    return values.index
