"""Figures of what was tried when settings were chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.reporting.figures.style import grid, literal, wrapped
from harness.storage.studies import Study, Trial

_COLUMNS: Final = 3
_HUE: Final = "#0173b2"
_CHOSEN: Final = "#d55e00"

CAPTION: Final = (
    "What was tried of each setting on held-out training data, with other seeds and orders of the "
    "classes than the results: average accuracy after the last task, mean over seeds (dots; seeds "
    "faint), and with the first seed of trials that were pruned (rings). Grey: the range that was "
    "searched to begin with. Vertical line: what was chosen. A line joins the means where one "
    "setting was searched alone."
)


def searches(studies: Sequence[Study]) -> Figure | None:
    """A panel for each setting of each study: accuracy by the values that were tried.

    Args:
        studies: of one benchmark and scenario.

    Returns:
        None if there are none.
    """
    panels = [(study, name) for study in studies for name in study.space]
    if not panels:
        return None
    figure, axes = grid(-(-len(panels) // _COLUMNS), _COLUMNS, height=1.9)
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    for axis, (study, name) in zip(axes.flat, panels, strict=False):
        _panel(axis, study, name)
    for axis in axes[:, 0]:
        axis.set_ylabel("ACC, held out (%)")
    return figure


def _panel(axis: Axes, study: Study, name: str) -> None:
    places = _places(axis, study.space[name])

    def drawn(trials: Sequence[Trial], **look: Any) -> None:
        points = sorted((places(trial.settings[name]), trial.value * 100) for trial in trials)
        axis.plot(*zip(*points, strict=True), color=_HUE, ms=3.5, **look)

    kept = [trial for trial in study.trials if not trial.pruned]
    pruned = [trial for trial in study.trials if trial.pruned]
    for trial in kept:
        each = [run.value * 100 for run in trial.runs]
        axis.plot([places(trial.settings[name])] * len(each), each, "_", color=_HUE, alpha=0.4)
    drawn(kept, marker="o", ls="-" if len(study.space) == 1 else "", lw=0.8)
    if pruned:
        drawn(pruned, marker="o", ls="", mfc="none", mew=0.6)
    axis.axvline(places(study.settings[name]), color=_CHOSEN, lw=0.8, ls="--")
    norm = f", norm {study.norm}"
    axis.set(title=wrapped(f"{study.method}{norm}"), xlabel=literal(name))
    axis.tick_params(labelsize=6)


def _places(axis: Axes, searched: Mapping[str, Any]) -> Any:
    """Where values are on the abscissa: on a logarithmic scale, or one beside the other."""
    if "values" not in searched:
        axis.set_xscale("log")
        axis.axvspan(searched["low"], searched["high"], color="0.93", lw=0)
        return float
    values = list(searched["values"])
    axis.set_xticks(range(len(values)), [literal(str(value)) for value in values])
    axis.set_xlim(-0.5, len(values) - 0.5)
    return values.index
