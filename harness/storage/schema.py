"""The tidy table of raw measurements: its columns, what is measured, and checks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any, Final, TypedDict

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pandas.api.types import union_categoricals

from harness.config.run import Run
from harness.storage import texts
from harness.storage.texts import as_categories, as_texts, only_used

_NAME: Final = re.compile("[a-z][a-z0-9_]*")

COLUMNS: Final[dict[str, str]] = {
    "run_id": "string",
    "benchmark": "string",
    "baseline": "string",
    "setting": "string",  # settings that differ from the benchmark's defaults, "" for none
    "seed": "int64",
    "scenario": "string",  # of `harness.config.scenarios`, "" where it does not apply
    "rule": "string",  # how the task was inferred, "" where it was not
    "metric": "string",
    "after": "Int64",  # number of tasks learned when it was measured; 0 is the untrained network
    "task": "Int64",  # task measured, from 1
    "other": "Int64",  # second task of a pair, from 1
    "layer": "string",  # layer measured, "" where it does not apply
    "value": "float64",
}
"""Type of each column as it is stored. In memory the texts are categories in alphabetical order: of
millions of rows a tenth of the memory."""

TEXTS: Final = tuple(name for name, kind in COLUMNS.items() if kind == "string")
"""The columns of texts."""

_KEYS: Final = ["run_id", "scenario", "rule", "metric", "after", "task", "other", "layer"]
"""What tells the rows of a run apart; the other columns are the same in all of them."""

_LARGEST: Final = np.iinfo(np.int64).max

_NUMBERS: Final = {"int64": pa.int64(), "Int64": pa.int64(), "float64": pa.float64()}
_NULLABLE: Final = {pa.int64(): pd.Int64Dtype()}


class RowKeys(TypedDict, total=False):
    """What a measurement is of (`COLUMNS`); what is left out does not apply to it."""

    scenario: str
    rule: str
    after: int
    task: int
    other: int
    layer: str


class Row(RowKeys):
    """One measurement of a run."""

    metric: str
    value: float


MEASUREMENTS: Final[dict[str, str]] = {
    "accuracy": "share of the task's test examples that is right; scenario, rule, after, task",
    "epoch_accuracy": "share of the test examples of the task in training that is right after its "
    "epoch number `other`, the identity given; after, task, other",
    "inferred_as": "share of test examples of `task` taken for `other`; rule, after, task, other",
    "inferred_together": "the same for `other` test examples at once; rule, after, task, other",
    "accuracy_under": "accuracy on `task` with the mask that `other` taught; after, task, other",
    "tasks_shown": "number of tasks of which an example was shown, without task labels; after",
    "old_new_auroc": "area under the ROC curve, `task` (shown) against tasks nothing was shown of; "
    "rule, after, task",
    "old_new_fpr": "share of examples of tasks nothing was shown of that is taken for known where "
    "95 % of `task` are; rule, after, task",
    "router_bytes": "bytes that a task router keeps; rule, after",
    "router_seconds": "wall-clock seconds of fitting it so far; rule, after",
    "masks": "number of masks begun so far; after",
    "switch": "number of the batch at which mask number `other` was begun; other",
    "border": "number of the first batch that has examples of `task`; task",
    "batches": "number of batches in the stream",
    "weights": "number of maskable weights of a layer; layer",
    "mask_ones": "number of weights that a task's mask keeps; after, task, layer",
    "mask_overlap": "number of weights kept by the masks of both tasks; task < other, layer",
    "mask_undecided": "number of relevances between 0.05 and 0.95 when a task's mask was rounded; "
    "after, task, layer",
    "mask_flipped": "number of entries of a task's mask that are others than at its start; after, "
    "task, layer",
    "mask_beta": "tightness of the soft-round when a task's mask was rounded; after, task, layer",
    "rounding_gap": "accuracy on the task just learned with the relevances that were trained minus "
    "that with them rounded; after, task",
    "weights_used": "number of weights kept by any mask so far; after, layer",
    "network_bytes": "bytes of one backbone network; after",
    "predictor_bytes": "bytes of all tensors that predictions need, the network's too; after",
    "training_bytes": "bytes of all else that is kept between tasks, for learning alone; after",
    "stored_examples": "examples kept between tasks; after",
    "output_layers": "output layers of the network, several where tasks have their own; after",
    "other_networks": "networks with weights held beside the one that answers, also while the task "
    "was trained; of a network per task, all but one; after",
    "generators": "generators of examples among the other networks; after",
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
    "binary": "nothing; a gradient through the masks left, for each halving of the tasks",
    "calibrated-logit": "mean and deviation of each mask's largest logit",
    "pixel-gaussian": "mean and variance of each task's inputs",
    "feature-gaussian": "means and covariance of each mask's features",
    "ridge-units": "second moments of 3,000 random units over all data: a second model",
    "ridge-filters": "second moments of 1,728 random filter responses: a second model",
}
"""What each rule of task inference keeps beside the network."""

CLASSES_SEEN: Final = "classes seen"
"""Rule of a method that needs no task identity: arg max over all classes seen so far."""


def empty() -> pd.DataFrame:
    """A table without rows."""
    return _without_rows().copy()


@cache
def _without_rows() -> pd.DataFrame:
    # a report reads dozens of profiles that nothing was run in
    rows = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})
    return as_categories(rows, TEXTS)


def table(rows: Iterable[Row], run: Run) -> pd.DataFrame:
    """The measurements of one run as a checked table.

    Args:
        rows: what was measured, in this order.
        run: the run that they are of.

    Raises:
        ValueError: the rows do not fit the schema.
    """
    blank = {"scenario": "", "rule": "", "layer": "", "after": None, "task": None, "other": None}
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
    measurement may have stored them. Whether the numbers can be is for `storage.validation`.

    Raises:
        ValueError: a column is missing or unknown, a text is missing, a metric has no proper name,
            a value is not finite, or two rows measure the same thing.
        TypeError: a column cannot have its type.
    """
    _check_names(rows.columns)
    rows = rows[list(COLUMNS)].astype(COLUMNS)
    return _checked(as_categories(rows, TEXTS))


def from_arrow(rows: pa.Table) -> pd.DataFrame:
    """The rows of a parquet file, or of several, as `check` gives them.

    Args:
        rows: as read.

    Raises:
        ValueError, pyarrow.ArrowException: they do not fit the schema.
    """
    _check_names(rows.column_names)
    columns: dict[str, Any] = {}
    for name, kind in COLUMNS.items():
        column = rows[name]
        rows = rows.drop_columns([name])  # of millions of rows, one copy is enough
        if kind == "string":
            columns[name] = texts.from_arrow(column)
            continue
        column = column.cast(_NUMBERS[kind])
        if kind == "Int64":
            columns[name] = column.to_pandas(types_mapper=_NULLABLE.get).array
        elif column.null_count:
            raise ValueError(f"in the column {name} something is missing")
        else:
            columns[name] = column.to_numpy()
    del column
    pa.default_memory_pool().release_unused()
    return _checked(pd.DataFrame(columns))


def to_arrow(rows: pd.DataFrame) -> pa.Table:
    """The rows as they are stored, with texts for categories.

    Args:
        rows: of `check`.
    """
    return pa.Table.from_pandas(as_texts(rows), preserve_index=False)


def concat(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Tables of `check` one below the other, numbered from 0."""
    if len(tables) == 1:
        return tables[0].reset_index(drop=True)
    if not tables:
        return empty()
    columns: dict[str, Any] = {}
    for name in COLUMNS:
        parts = [table[name] for table in tables]
        if name in TEXTS:
            columns[name] = union_categoricals(parts, sort_categories=True)
        else:
            columns[name] = pd.concat(parts, ignore_index=True)
    return pd.DataFrame(columns)


def of_runs(rows: pd.DataFrame, run_ids: Collection[str]) -> pd.DataFrame:
    """The rows of some runs, numbered from 0.

    Args:
        rows: of `check`.
        run_ids: ids of the runs.
    """
    rows = as_categories(rows, TEXTS)
    if set(rows["run_id"].cat.categories) <= set(run_ids):
        return rows
    return only_used(rows[rows["run_id"].isin(list(run_ids))].reset_index(drop=True))


def by_run(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each run by its id, numbered from 0."""
    groups = rows.groupby("run_id", observed=True, sort=False)
    return {str(run_id): mine.reset_index(drop=True) for run_id, mine in groups}


def equal(rows: pd.DataFrame, others: pd.DataFrame) -> bool:
    """Whether two tables of `check` say the same, row by row.

    Args:
        rows: numbered from 0.
        others: likewise.
    """
    return as_texts(rows).equals(as_texts(others))


def _check_names(names: Iterable[str]) -> None:
    missing, unknown = set(COLUMNS) - set(names), set(names) - set(COLUMNS)
    if missing or unknown:
        raise ValueError(
            f"columns missing: {sorted(missing)}, unknown: {sorted(map(str, unknown))}"
        )


def _checked(rows: pd.DataFrame) -> pd.DataFrame:
    for name in TEXTS:
        if (rows[name].cat.codes < 0).any():
            raise ValueError(f"in the column {name} something is missing")
    misnamed = [name for name in rows["metric"].cat.categories if not _NAME.fullmatch(str(name))]
    if misnamed:
        raise ValueError(f"metrics must have names like mask_overlap, not {misnamed}")
    if not np.isfinite(rows["value"].to_numpy()).all():
        raise ValueError("some values are not finite")
    combined = _combined(rows)
    combined.sort()
    if (combined[1:] == combined[:-1]).any():
        raise ValueError("two rows measure the same thing")
    return rows


def _combined(rows: pd.DataFrame) -> NDArray[np.int64]:
    """One number for all keys of each row, the same for the same keys."""
    combined, distinct = np.zeros(len(rows), dtype=np.int64), 1
    for name in _KEYS:
        if name in TEXTS:
            codes, number = rows[name].cat.codes.to_numpy(), len(rows[name].cat.categories)
        else:
            codes, values = pd.factorize(rows[name], use_na_sentinel=False)
            number = len(values)
        if distinct * number > _LARGEST:
            combined, found = pd.factorize(combined)
            distinct = len(found)
        combined, distinct = combined * max(number, 1) + codes, distinct * max(number, 1)
    return combined
