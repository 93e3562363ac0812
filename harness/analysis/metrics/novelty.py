"""How well tasks shown so far are told from those to come, by a score of confidence.

A task is to come until its first example is shown, also where boundaries are fuzzy: a learner that
has noticed a task which began early is right to be sure of it.
"""

from __future__ import annotations

from functools import partial

import pandas as pd

from harness.analysis.metrics.definition import WITHOUT_IDENTITY, Direction, Section, Unit, metric

_novelty_metric = partial(
    metric, unit=Unit.PERCENT, section=Section.NOVELTY, scenarios=WITHOUT_IDENTITY
)


@_novelty_metric(
    "old_new_auroc",
    title="AUROC old/new",
    direction=Direction.HIGHER,
    formula="mean over i < T and j <= i of P(confidence on task j > confidence on tasks "
    "of which nothing was shown by the end of i)",
    source="paper, Section 5.2 (old told from new); Hanley & McNeil 1982",
    measurements=("old_new_auroc",),
)
def old_new_auroc(rows: pd.DataFrame) -> pd.Series[float]:
    """Area under the ROC curve; 0.5 for a score that knows nothing."""
    return _mean(rows)


@_novelty_metric(
    "old_new_fpr",
    title="FPR old/new",
    direction=Direction.LOWER,
    formula="mean over i < T and j <= i of the share of tasks of which nothing was shown by the "
    "end of i that is as confident as 95 % of task j",
    source="Hendrycks & Gimpel 2017",
    measurements=("old_new_fpr",),
)
def old_new_fpr(rows: pd.DataFrame) -> pd.Series[float]:
    """False positives at 95 % true positives; 0.95 for a score that knows nothing."""
    return _mean(rows)


def _mean(rows: pd.DataFrame) -> pd.Series[float]:
    """Over the tasks shown and the moments of the stream."""
    return rows.groupby(["run_id", "scenario", "rule"])["value"].mean()
