"""Figures of the ablation."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.config.ablation import Factor
from harness.config.benchmarks import BENCHMARKS
from harness.reporting.figures.style import grid, literal, wrapped

_COLOUR = "#0173b2"


def accuracies(cells: pd.DataFrame, factor: Factor) -> Figure | None:
    """Average accuracy of each variant with its interval, a panel a benchmark; the default dashed.

    Args:
        cells: of `harness.analysis.ablation.Ablation`.
        factor: which one.
    """
    mine = cells[(cells["factor"] == factor.name) & (cells["metric"] == "acc")]
    names = list(dict.fromkeys(mine["benchmark"]))
    if not names:
        return None
    titles = [variant.title for variant in factor.variants]
    figure, axes = grid(1, len(names), height=0.7 + 0.2 * len(titles))
    for name, axis in zip(names, axes[0], strict=True):
        rows = mine[mine["benchmark"] == name].set_index("variant").reindex(titles)
        half = np.nan_to_num(rows["half_width"].to_numpy(dtype=float)) * 100
        mean = rows["mean"].to_numpy(dtype=float) * 100
        places = np.arange(len(titles))
        axis.errorbar(mean, places, xerr=half, fmt="o", color=_COLOUR, ms=4, lw=1)
        axis.axvline(mean[0], color="grey", ls="--", lw=0.8, zorder=0)
        shown = [literal(title) for title in titles] if axis is axes[0][0] else []
        axis.set_yticks(places if shown else [], shown)
        scenario = factor.scenario(BENCHMARKS[name])
        axis.set(ylim=(len(titles) - 0.5, -0.5), xlabel=f"{scenario} accuracy (%)")
        axis.set_title(wrapped(BENCHMARKS[name].title))
    return figure


def related(shares: pd.DataFrame) -> Figure | None:
    """Overlap of the first mask with those of other tasks, and by chance.

    Args:
        shares: of `harness.reporting.ablation_answers.related_overlap`.
    """
    if shares.empty:
        return None
    figure, axes = grid(1, 1, height=0.6 + 0.22 * len(shares))
    axis: Axes = axes[0][0]
    places = np.arange(len(shares))
    axis.barh(places, 100 * shares["overlap"], color=_COLOUR, height=0.6)
    axis.plot(100 * shares["chance"], places, "k|", ms=12, label="random masks as dense")
    axis.set_yticks(places, list(shares["what"]))
    axis.invert_yaxis()
    axis.set(xlabel="intersection over union with the first task's mask (%)")
    axis.legend(loc="lower left", bbox_to_anchor=(0, 1))
    return figure
