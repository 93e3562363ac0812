"""Metrics of the masks of a network: their size, and how much of it they share."""

from __future__ import annotations

from functools import partial

import pandas as pd

from harness.analysis.metrics.definition import RUN, Direction, Section, Unit, metric

_mask_metric = partial(metric, unit=Unit.PERCENT, direction=Direction.NEITHER)


@_mask_metric(
    "mask_density",
    title="Mask density",
    formula="mean over tasks of weights kept by the task's mask / weights",
    source="paper, Supplement 2.3",
    measurements=("weights", "mask_ones"),
    section=Section.MASKS,
)
def mask_density(rows: pd.DataFrame) -> pd.Series[float]:
    """Share of the weights that one task's mask keeps.

    >>> rows = pd.DataFrame(
    ...     {"run_id": "a", "metric": ["weights", "mask_ones", "mask_ones"],
    ...      "task": [None, 1, 2], "value": [10.0, 5.0, 3.0]}
    ... )
    >>> mask_density(rows).tolist()  # (5 / 10 + 3 / 10) / 2
    [0.4]
    """
    return _mean_share(rows, "mask_ones")


@_mask_metric(
    "weights_used",
    title="Weights used",
    formula="weights kept by any mask / weights, after the last task",
    source="paper, Supplement 2.3 (1 - S of Equation 2)",
    measurements=("weights", "weights_used"),
    section=Section.MASKS,
)
def weights_used(rows: pd.DataFrame) -> pd.Series[float]:
    """Share of the weights that all masks together keep.

    >>> rows = pd.DataFrame(
    ...     {"run_id": "a", "metric": ["weights", "weights_used", "weights_used"],
    ...      "after": [None, 1, 2], "value": [10.0, 5.0, 6.0]}
    ... )
    >>> weights_used(rows).tolist()  # 6 / 10
    [0.6]
    """
    return _sums(rows, "weights_used", "after").groupby("run_id").last() / _sums(rows, "weights")


@_mask_metric(
    "mask_overlap",
    title="Mask overlap",
    formula="mean over pairs of tasks of |A and B| / |A or B|",
    source="Jaccard 1901",
    measurements=("mask_ones", "mask_overlap"),
    section=None,
)
def mask_overlap(rows: pd.DataFrame) -> pd.Series[float]:
    """Intersection over union of the masks of two tasks."""
    return pairs(rows).groupby("run_id")["value"].mean()


@_mask_metric(
    "undecided",
    title="Undecided",
    formula="mean over tasks of relevances between 0.05 and 0.95 at the task's end / weights",
    source="this work",
    measurements=("weights", "mask_undecided"),
    section=Section.MASKS,
)
def undecided(rows: pd.DataFrame) -> pd.Series[float]:
    """Share of the relevances that are close to neither zero nor one at the end of a task.

    >>> rows = pd.DataFrame(
    ...     {"run_id": "a", "metric": ["weights", "mask_undecided", "mask_undecided"],
    ...      "task": [None, 1, 2], "value": [10.0, 5.0, 3.0]}
    ... )
    >>> undecided(rows).tolist()  # (5 / 10 + 3 / 10) / 2
    [0.4]
    """
    return _mean_share(rows, "mask_undecided")


@_mask_metric(
    "flipped",
    title="Flipped",
    formula="mean over tasks of mask entries that are others than at the task's start / weights",
    source="this work",
    measurements=("weights", "mask_flipped"),
    section=Section.MASKS,
)
def flipped(rows: pd.DataFrame) -> pd.Series[float]:
    """Share of a mask that training has decided otherwise than its random start."""
    return _mean_share(rows, "mask_flipped")


@_mask_metric(
    "rounding_gap",
    title="Rounding gap",
    formula="mean_j (accuracy on task j when learned, its mask soft, minus that with it rounded)",
    source="this work",
    measurements=("rounding_gap",),
    section=Section.MASKS,
)
def rounding_gap(rows: pd.DataFrame) -> pd.Series[float]:
    """Accuracy that the rounding of a mask takes from its task."""
    return rows.groupby("run_id")["value"].mean()


@_mask_metric(
    "largest_rounding_gap",
    title="Largest rounding gap",
    formula="max_j (accuracy on task j when learned, its mask soft, minus that with it rounded)",
    source="this work",
    measurements=("rounding_gap",),
    section=None,
)
def largest_rounding_gap(rows: pd.DataFrame) -> pd.Series[float]:
    """The same of the task that loses most; reports warn of more than 0.5 points."""
    return rows.groupby("run_id")["value"].max()


@metric(
    "beta",
    title="Beta",
    unit=Unit.COUNT,
    direction=Direction.NEITHER,
    formula="mean over tasks and layers of beta when the mask is rounded",
    source="paper, Supplement 2.2",
    measurements=("mask_beta",),
    section=None,
)
def beta(rows: pd.DataFrame) -> pd.Series[float]:
    """Tightness of the soft-round at the end of a task."""
    return rows.groupby("run_id")["value"].mean()


def pairs(rows: pd.DataFrame) -> pd.DataFrame:
    """Intersection over union of the masks of each pair of tasks, over all layers.

    Args:
        rows: raw measures, among them "mask_ones" and "mask_overlap".

    Returns:
        The columns of `RUN`, task, other (task < other), value.

    >>> run = {"run_id": "a", "baseline": "rmn", "setting": "", "seed": 0}
    >>> rows = pd.DataFrame(
    ...     {**run, "metric": ["mask_ones", "mask_ones", "mask_overlap"],
    ...      "task": [1, 2, 1], "other": [None, None, 2], "value": [5.0, 3.0, 2.0]}
    ... )
    >>> pairs(rows)["value"].round(3).tolist()  # 2 / (5 + 3 - 2)
    [0.333]
    """
    table = _sums(rows, "mask_overlap", "task", "other").rename("both").reset_index()
    sizes = _sums(rows, "mask_ones", "task").rename("size").reset_index()
    table = table.merge(sizes, on=["run_id", "task"])
    table = table.merge(sizes.rename(columns={"task": "other", "size": "other_size"}))
    union = (table["size"] + table["other_size"] - table["both"]).clip(lower=1)
    table["value"] = table["both"] / union
    table = table.merge(rows[RUN].drop_duplicates("run_id"), on="run_id")
    return table[[*RUN, "task", "other", "value"]]


def _mean_share(rows: pd.DataFrame, measurement: str) -> pd.Series[float]:
    """Mean over tasks of counts per weight, of the runs that have any."""
    counts = _sums(rows, measurement, "task").groupby("run_id").mean()
    return counts / _sums(rows, "weights").reindex(counts.index)


def _sums(rows: pd.DataFrame, measurement: str, *along: str) -> pd.Series[float]:
    """Over the layers of each run, and of each task or pair of tasks."""
    mine = rows[rows["metric"] == measurement]
    return mine.groupby(["run_id", *along])["value"].sum()
