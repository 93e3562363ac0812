"""The figure of what was tried when settings were chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.reporting.figures.style import grid, literal
from harness.storage.studies import Study, Trial

_COLUMNS: Final = 9
_HEIGHT: Final = 0.88  # inches
_BESIDE: Final = 3
"""Names of values that have room beside each other under a panel."""
_HUE: Final = "#0173b2"
_CHOSEN: Final = "#d55e00"
_USUAL_NORMS: Final = ("per-task", "shared")

CAPTION: Final = (
    "What was tried of each setting on held-out training data, with other seeds and class orders "
    "than the results: ACC in %, mean over seeds (dots; seeds faint; rings: pruned after the first "
    "seeds). Grey: the range searched to begin with. Dashed: what was chosen. The words "
    "at the left of a panel hold from there on."
)


def searches(studies: Sequence[Study]) -> Figure | None:
    """Accuracy by the values that were tried: a panel a setting, one comparison after the other.

    Args:
        studies: of one benchmark, those of a comparison together.

    Returns:
        None if there are none.
    """
    panels = [(study, name) for study in studies for name in study.space]
    if not panels:
        return None
    columns = min(len(panels), _COLUMNS)
    figure, axes = grid(-(-len(panels) // columns), columns, height=_HEIGHT)
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    named = ""
    for place, (axis, (study, name)) in enumerate(zip(axes.flat, panels, strict=False)):
        title = _comparison(study)
        axis.set_title(literal(f"{study.method}\n{name}"), size=6)
        _panel(axis, study, name)
        if title != named or place % columns == 0:
            axis.set_ylabel(title, size=6)
        named = title
    return figure


def _comparison(study: Study) -> str:
    """The scenario, with a normalisation that is not usual."""
    norm = "" if study.norm in _USUAL_NORMS else f"norm {study.norm}"
    return "\n".join(filter(None, (study.scenario, norm)))


def _panel(axis: Axes, study: Study, name: str) -> None:
    places = _places(axis, study.space[name])

    def drawn(trials: Sequence[Trial], **look: Any) -> None:
        points = sorted((places(trial.settings[name]), trial.value * 100) for trial in trials)
        axis.plot(*zip(*points, strict=True), color=_HUE, ms=2, **look)

    kept = [trial for trial in study.trials if not trial.pruned]
    pruned = [trial for trial in study.trials if trial.pruned]
    for trial in kept:
        each = [run.value * 100 for run in trial.runs]
        axis.plot([places(trial.settings[name])] * len(each), each, "_", color=_HUE, alpha=0.4)
    drawn(kept, marker="o", ls="-" if len(study.space) == 1 else "", lw=0.7)
    if pruned:
        drawn(pruned, marker="o", ls="", mfc="none", mew=0.4)
    axis.axvline(places(study.settings[name]), color=_CHOSEN, lw=0.8, ls="--")
    axis.tick_params(labelsize=5, length=2, pad=1)


def _places(axis: Axes, searched: Mapping[str, Any]) -> Any:
    """Where values are on the abscissa: on a logarithmic scale, or one beside the other."""
    if "values" not in searched:
        axis.set_xscale("log")
        axis.minorticks_off()
        axis.axvspan(searched["low"], searched["high"], color="0.93", lw=0)
        return float
    values = list(searched["values"])
    names = [literal(str(value)) for value in values]
    upright = len(names) > _BESIDE
    axis.set_xticks(range(len(names)), names, rotation=90 if upright else 0)
    axis.set_xlim(-0.5, len(values) - 0.5)
    return values.index
