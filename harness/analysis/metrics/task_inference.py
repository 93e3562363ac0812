"""How often the task of test examples is inferred rightly."""

from __future__ import annotations

from functools import partial

import pandas as pd

from harness.analysis.metrics.definition import WITHOUT_IDENTITY, Direction, Section, Unit, metric

_KEY = ["run_id", "scenario", "rule"]

_inference_metric = partial(
    metric, unit=Unit.PERCENT, direction=Direction.HIGHER, scenarios=WITHOUT_IDENTITY
)


@_inference_metric(
    "task_inference",
    title="Task inference",
    formula="mean over tasks of the share of test examples whose task is inferred rightly",
    source="paper, Section 5.2.2",
    measurements=("inferred_as",),
    section=Section.INFERENCE,
)
def task_inference(rows: pd.DataFrame) -> pd.Series[float]:
    """Of single test examples.

    >>> rows = pd.DataFrame(
    ...     {"run_id": "a", "scenario": "class-il", "rule": "energy",
    ...      "task": [1, 1, 2, 2], "other": [1, 2, 1, 2], "value": [0.9, 0.1, 0.3, 0.7]}
    ... )
    >>> task_inference(rows).round(3).tolist()  # (0.9 + 0.7) / 2
    [0.8]
    """
    right = rows[rows["task"] == rows["other"]]
    return right.groupby(_KEY)["value"].mean()


@_inference_metric(
    "inferred_of_10",
    title="10 of one task",
    formula="task inference with the scores of 10 test examples of one task added up",
    source="batch variant of paper, Section 5.2.2",
    measurements=("inferred_together",),
    section=Section.TOGETHER,
)
def inferred_of_10(rows: pd.DataFrame) -> pd.Series[float]:
    """Of 10 test examples that are known to be of one task."""
    return _together(rows, 10)


@_inference_metric(
    "inferred_of_100",
    title="100 of one task",
    formula="the same with 100 test examples",
    source="batch variant of paper, Section 5.2.2",
    measurements=("inferred_together",),
    section=Section.TOGETHER,
)
def inferred_of_100(rows: pd.DataFrame) -> pd.Series[float]:
    """Of 100 test examples that are known to be of one task."""
    return _together(rows, 100)


def _together(rows: pd.DataFrame, examples: int) -> pd.Series[float]:
    return rows[rows["other"] == examples].groupby(_KEY)["value"].mean()
