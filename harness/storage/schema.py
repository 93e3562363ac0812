"""The tidy table of raw measurements: its columns, what is measured, and checks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, TypedDict

import pandas as pd

from harness.config.run import Run

_NAME: Final = re.compile("[a-z][a-z0-9_]*")

COLUMNS: Final[dict[str, str]] = {
    "run_id": "string",
    "benchmark": "string",
    "baseline": "string",
    "setting": "string",  # settings that differ from the benchmark's defaults, "" for none
    "seed": "int64",
    "regime": "string",  # "task-aware", "task-agnostic" or "" where it does not apply
    "rule": "string",  # how the task was inferred, "" where it was not
    "metric": "string",
    "after": "Int64",  # number of tasks learned when it was measured; 0 is the untrained network
    "task": "Int64",  # task measured, from 1
    "other": "Int64",  # second task of a pair, from 1
    "layer": "string",  # layer measured, "" where it does not apply
    "value": "float64",
}
"""Type of each column."""


class RowKeys(TypedDict, total=False):
    """What a measurement is of (`COLUMNS`); what is left out does not apply to it."""

    regime: str
    rule: str
    after: int
    task: int
    other: int
    layer: str


class Row(RowKeys):
    """One measurement of a run."""

    metric: str
    value: float


TASK_AWARE: Final = "task-aware"
TASK_AGNOSTIC: Final = "task-agnostic"

MEASUREMENTS: Final[dict[str, str]] = {
    "accuracy": "share of the task's test examples classified correctly; regime, rule, after, task",
    "inferred_as": "share of test examples of `task` taken for `other`; rule, after, task, other",
    "inferred_together": "the same for `other` test examples at once; rule, after, task, other",
    "accuracy_under": "accuracy on `task` with the mask that `other` taught; after, task, other",
    "old_new_auroc": "area under the ROC curve, `task` (shown) against all tasks to come; rule",
    "old_new_fpr": "share of examples to come taken for known where 95 % of `task` are; rule",
    "router_bytes": "bytes that a task router keeps; rule, after",
    "router_seconds": "wall-clock seconds of fitting it so far; rule, after",
    "masks": "number of masks begun so far; after",
    "switch": "number of the batch at which mask number `other` was begun; other",
    "border": "number of the first batch that has examples of `task`; task",
    "batches": "number of batches in the stream",
    "weights": "number of maskable weights of a layer; layer",
    "mask_ones": "number of weights that a task's mask keeps; after, task, layer",
    "mask_overlap": "number of weights kept by the masks of both tasks; task < other, layer",
    "weights_used": "number of weights kept by any mask so far; after, layer",
    "stored_bytes": "bytes kept between tasks beyond one backbone network; after",
    "stored_examples": "examples kept between tasks; after",
    "train_seconds": "wall-clock seconds of training on the task; after",
    "train_examples": "examples that the optimizer saw for the task; after",
    "eval_seconds": "wall-clock seconds of the evaluation; after",
}
"""What each built-in measurement says, and the columns that apply to it."""

ALONE: Final = " alone"
"""Ends the rule under which a router's own answers are measured, without any network."""

RULES: Final[dict[str, str]] = {
    "max-logit": "nothing (the paper's rule)",
    "max-probability": "nothing",
    "entropy": "nothing",
    "energy": "nothing",
    "one-shot": "nothing; a gradient through every mask at test",
    "calibrated-logit": "mean and deviation of each mask's largest logit",
    "pixel-gaussian": "mean and variance of each task's inputs",
    "feature-gaussian": "means and covariance of each mask's features",
    "ridge-units": "second moments of 3,000 random units over all data: a second model",
    "ridge-filters": "second moments of 3,072 random filter responses: a second model",
}
"""What each rule of task inference keeps beside the network."""

CLASSES_SEEN: Final = "classes seen"
"""Rule of a method that needs no task identity: arg max over all classes seen so far."""


def empty() -> pd.DataFrame:
    """A table without rows."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})


def table(rows: Iterable[Row], run: Run) -> pd.DataFrame:
    """The measurements of one run as a checked table.

    Args:
        rows: what was measured, in this order.
        run: the run that they are of.

    Raises:
        ValueError: the rows do not fit the schema.
    """
    blank = {"regime": "", "rule": "", "layer": "", "after": None, "task": None, "other": None}
    shared = {
        "run_id": run.id,
        "benchmark": run.benchmark,
        "baseline": run.baseline,
        "setting": run.setting,
        "seed": run.seed,
    }
    return check(pd.DataFrame([{**shared, **blank, **row} for row in rows]))


def check(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the schema's column order and types.

    Names of metrics that nothing here measures are left alone: another package's method or
    measurement may have stored them.

    Raises:
        ValueError: a column is missing or unknown, a metric has no proper name, a value is not
            finite, or two rows measure the same thing.
    """
    missing, unknown = set(COLUMNS) - set(rows.columns), set(rows.columns) - set(COLUMNS)
    if missing or unknown:
        raise ValueError(f"columns missing: {sorted(missing)}, unknown: {sorted(unknown)}")
    rows = rows[list(COLUMNS)].astype(COLUMNS)
    misnamed = [name for name in rows["metric"].unique() if not _NAME.fullmatch(str(name))]
    if misnamed:
        raise ValueError(f"metrics must have names like mask_overlap, not {misnamed}")
    if not rows["value"].abs().lt(float("inf")).all():
        raise ValueError("some values are not finite")
    if rows.drop(columns="value").duplicated().any():
        raise ValueError("two rows measure the same thing")
    return rows


def check_runs(rows: pd.DataFrame, runs: Iterable[Run]) -> pd.DataFrame:
    """The rows, if each run has some and each row is of one of the runs.

    What is printed of a run's setting is a label of its time and not compared.

    Args:
        rows: of `check`.
        runs: the finished runs that they are of.

    Raises:
        ValueError: a run has no rows, or rows say something of a run that is not so.
    """
    columns = ["run_id", "benchmark", "baseline", "seed"]
    found = set(rows[columns].drop_duplicates().itertuples(index=False, name=None))
    expected = {(run.id, run.benchmark, run.baseline, run.seed) for run in runs}
    for row in sorted(found - expected, key=str):
        raise ValueError(f"rows of (run_id, benchmark, baseline, seed) {row}, which is no run here")
    for run in sorted(expected - found):
        raise ValueError(f"no rows of (run_id, benchmark, baseline, seed) {run}")
    return rows
