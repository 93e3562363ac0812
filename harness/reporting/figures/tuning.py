"""The figure of what was tried when settings were chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from matplotlib.figure import Figure

from harness.reporting.figures.search_panel import draw_setting
from harness.reporting.figures.style import grid, literal
from harness.reporting.searches import of_tuning
from harness.storage.studies import Study

_COLUMNS: Final = 9
_HEIGHT: Final = 0.88  # inches
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
        draw_setting(axis, of_tuning(study), name, size=2)
        axis.tick_params(labelsize=5, length=2, pad=1)
        if title != named or place % columns == 0:
            axis.set_ylabel(title, size=6)
        named = title
    return figure


def _comparison(study: Study) -> str:
    """The scenario, with a normalisation that is not usual."""
    norm = "" if study.norm in _USUAL_NORMS else f"norm {study.norm}"
    return "\n".join(filter(None, (study.scenario, norm)))
