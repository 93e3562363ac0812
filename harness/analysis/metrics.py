"""Derived metrics, each formula once: from a matrix of accuracies, from masks, from costs.

R[i, j] is the accuracy on task j (from 1) after learning i tasks; row 0 is the untrained network.
A metric of cells that were not measured is NaN, never 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.analysis.switch_detection import switch_metrics
from harness.storage.schema import TASK_AGNOSTIC

Matrix = NDArray[np.float64]

RUN: Final = ["run_id", "baseline", "setting", "seed"]
"""Columns that identify a run in every derived table."""


@dataclass(frozen=True, slots=True)
class Metric:
    """What a number means.

    Attributes:
        name: key in tables.
        title: as printed.
        formula: in words and symbols, T tasks.
        percent: whether it is a share that is printed as a percentage.
        higher_is_better: None where neither is.
        source: where the definition comes from.
    """

    name: str
    title: str
    formula: str
    percent: bool
    higher_is_better: bool | None
    source: str


def acc(r: Matrix) -> float:
    """Average accuracy: mean over j of R[T, j]."""
    return float(np.mean(r[-1]))


def aia(r: Matrix) -> float:
    """Average incremental accuracy: mean over i of the mean over j <= i of R[i, j]."""
    return float(np.mean([np.mean(r[i, :i]) for i in range(1, len(r))]))


def bwt(r: Matrix) -> float:
    """Backward transfer: mean over j < T of R[T, j] - R[j, j]."""
    return _mean(r[-1, :-1] - _learned(r)[:-1])


def fwt(r: Matrix) -> float:
    """Forward transfer: mean over j > 1 of R[j - 1, j] - R[0, j]."""
    tasks = np.arange(1, r.shape[1])
    return _mean(r[tasks, tasks] - r[0, tasks])


def forgetting(r: Matrix) -> float:
    """Mean over j < T of the largest R[l, j] with j <= l < T, less R[T, j]."""
    tasks = r.shape[1]
    best = np.array([np.max(r[j + 1 : tasks, j]) for j in range(tasks - 1)])
    return _mean(best - r[-1, :-1])


def learning_accuracy(r: Matrix) -> float:
    """Mean over j of R[j, j]."""
    return float(np.mean(_learned(r)))


_OF_MATRIX: Final[dict[str, Callable[[Matrix], float]]] = {
    "acc": acc,
    "aia": aia,
    "bwt": bwt,
    "fwt": fwt,
    "forgetting": forgetting,
    "learning_accuracy": learning_accuracy,
}

METRICS: Final = {
    metric.name: metric
    for metric in (
        Metric("acc", "ACC", "mean_j R[T,j]", True, True, "Lopez-Paz & Ranzato 2017"),
        Metric("aia", "AIA", "mean_i mean_{j<=i} R[i,j]", True, True, "Rebuffi et al. 2017"),
        Metric(
            "bwt", "BWT", "mean_{j<T} (R[T,j] - R[j,j])", True, True, "Lopez-Paz & Ranzato 2017"
        ),
        Metric(
            "fwt", "FWT", "mean_{j>1} (R[j-1,j] - R[0,j])", True, True, "Lopez-Paz & Ranzato 2017"
        ),
        Metric(
            "forgetting",
            "Forgetting",
            "mean_{j<T} (max_{j<=l<T} R[l,j] - R[T,j])",
            True,
            False,
            "Chaudhry et al. 2018",
        ),
        Metric(
            "learning_accuracy", "Learning acc.", "mean_j R[j,j]", True, True, "Riemer et al. 2019"
        ),
        Metric(
            "task_inference",
            "Task inference",
            "mean over tasks of the share of test examples whose task is inferred rightly",
            True,
            True,
            "paper, Section 5.2.2",
        ),
        Metric(
            "inferred_of_10",
            "Of 10 at once",
            "task inference with the scores of 10 test examples of one task added up",
            True,
            True,
            "batch variant of paper, Section 5.2.2",
        ),
        Metric(
            "inferred_of_100",
            "Of 100 at once",
            "the same with 100 test examples",
            True,
            True,
            "batch variant of paper, Section 5.2.2",
        ),
        Metric(
            "switch_precision",
            "Precision",
            "right claims / claims; the first claim between two borders is right",
            True,
            True,
            "paper, Section 5.2.1",
        ),
        Metric("switch_recall", "Recall", "right claims / borders", True, True, "as precision"),
        Metric(
            "switch_f1",
            "F1",
            "2 right / (2 right + wrong + missed)",
            True,
            True,
            "van Rijsbergen 1979",
        ),
        Metric(
            "switch_delay",
            "Delay",
            "mean of (batch of a right claim - batch of its border)",
            False,
            False,
            "paper, Section 5.2.1",
        ),
        Metric(
            "false_alarms",
            "False alarms",
            "1000 * wrong claims / batches",
            False,
            False,
            "paper, Section 5.2.1",
        ),
        Metric(
            "masks_per_task",
            "Masks / tasks",
            "masks begun / tasks shown",
            False,
            None,
            "paper, 5.2.1",
        ),
        Metric(
            "old_new_auroc",
            "AUROC old/new",
            "mean over i < T and j <= i of P(confidence on task j > confidence on tasks after i)",
            True,
            True,
            "paper, Section 5.2 (old told from new); Hanley & McNeil 1982",
        ),
        Metric(
            "old_new_fpr",
            "FPR old/new",
            "mean over i < T and j <= i of the share of tasks after i that is as confident as 95 % "
            "of task j",
            True,
            False,
            "Hendrycks & Gimpel 2017",
        ),
        Metric(
            "degradation",
            "Degradation",
            "ACC with task labels - ACC without, same method and regime, by seed",
            True,
            False,
            "paper, Section 5.2.1",
        ),
        Metric(
            "router_bytes",
            "Router bytes",
            "bytes that the task router keeps after the last task",
            False,
            False,
            "observed",
        ),
        Metric(
            "router_seconds",
            "Router seconds",
            "wall-clock seconds of fitting the task router to all tasks",
            False,
            False,
            "observed",
        ),
        Metric(
            "mask_density",
            "Mask density",
            "mean over tasks of weights kept by the task's mask / weights",
            True,
            None,
            "paper, Supplement 2.3",
        ),
        Metric(
            "weights_used",
            "Weights used",
            "weights kept by any mask / weights, after the last task",
            True,
            None,
            "paper, Supplement 2.3 (1 - S of Equation 2)",
        ),
        Metric(
            "mask_overlap",
            "Mask overlap",
            "mean over pairs of tasks of |A and B| / |A or B|",
            True,
            None,
            "Jaccard 1901",
        ),
        Metric(
            "stored_bytes",
            "Extra bytes",
            "bytes kept after the last task beyond one backbone network",
            False,
            False,
            "observed",
        ),
        Metric(
            "stored_examples",
            "Stored examples",
            "examples kept after the last task",
            False,
            False,
            "observed",
        ),
        Metric(
            "seconds",
            "Seconds",
            "wall-clock seconds of training and evaluation, on the machines of the provenance",
            False,
            None,  # runs of one table may come from several machines
            "observed",
        ),
    )
}


def matrix(cells: pd.DataFrame) -> Matrix:
    """The accuracy matrix R of one run, regime and rule; NaN where nothing was measured.

    Args:
        cells: rows with `after`, `task` and `value`.
    """
    tasks = int(cells["task"].max())
    r = np.full((tasks + 1, tasks), np.nan)
    r[cells["after"].astype(int), cells["task"].astype(int) - 1] = cells["value"]
    return r


def derive(rows: pd.DataFrame) -> pd.DataFrame:
    """Every metric of every run: the columns of `RUN`, regime, rule, metric, value.

    Args:
        rows: raw measures (`harness.storage.schema`).
    """
    accuracy = rows[rows["metric"] == "accuracy"]
    found = []
    for key, cells in accuracy.groupby([*RUN, "regime", "rule"], sort=False):
        r = matrix(cells)
        found += [(*key, name, function(r)) for name, function in _OF_MATRIX.items()]
    derived = pd.DataFrame(found, columns=[*RUN, "regime", "rule", "metric", "value"])
    others = [
        _task_inference(rows),
        _inferred_together(rows),
        _switches(rows),
        _masks_per_task(rows),
        _old_new(rows),
        _masks(rows),
        _costs(rows),
        _routers(rows),
    ]
    return pd.concat([derived, *others], ignore_index=True).fillna({"regime": "", "rule": ""})


def _task_inference(rows: pd.DataFrame) -> pd.DataFrame:
    right = rows[(rows["metric"] == "inferred_as") & (rows["task"] == rows["other"])]
    shares = right.groupby([*RUN, "regime", "rule"], as_index=False)["value"].mean()
    table: pd.DataFrame = shares.assign(metric="task_inference")
    return table


def _inferred_together(rows: pd.DataFrame) -> pd.DataFrame:
    together = rows[rows["metric"] == "inferred_together"]
    means = together.groupby([*RUN, "regime", "rule", "other"], as_index=False)["value"].mean()
    names = "inferred_of_" + means["other"].astype(int).astype(str)
    table: pd.DataFrame = means.assign(metric=names).drop(columns="other")
    return table


def _switches(rows: pd.DataFrame) -> pd.DataFrame:
    """Of methods that find tasks; a method that finds none claims none, which is no metric."""
    found = []
    for key, mine in rows.groupby(RUN, sort=False):
        values = {name: group["value"].sort_values() for name, group in mine.groupby("metric")}
        if "switch" in values:
            metrics = switch_metrics(
                values["border"].tolist(), values["switch"].tolist(), values["batches"].item()
            )
            found += [(*key, name, value) for name, value in metrics.items()]
    return pd.DataFrame(found, columns=[*RUN, "metric", "value"])


def _masks_per_task(rows: pd.DataFrame) -> pd.DataFrame:
    begun = rows[rows["metric"] == "masks"].sort_values("after").groupby(RUN).last().reset_index()
    ratio = begun["value"] / begun["after"].astype(float)
    return begun[RUN].assign(metric="masks_per_task", value=ratio)


def _old_new(rows: pd.DataFrame) -> pd.DataFrame:
    pairs_of_tasks = rows[rows["metric"].isin(["old_new_auroc", "old_new_fpr"])]
    keys = [*RUN, "regime", "rule", "metric"]
    return pairs_of_tasks.groupby(keys)["value"].mean().reset_index()


def _routers(rows: pd.DataFrame) -> pd.DataFrame:
    costs = rows[rows["metric"].isin(["router_bytes", "router_seconds"])].sort_values("after")
    last = costs.groupby([*RUN, "rule", "metric"])["value"].last().reset_index()
    table: pd.DataFrame = last.assign(regime=TASK_AGNOSTIC)
    return table


def degradation(derived: pd.DataFrame, supervised: pd.DataFrame) -> pd.DataFrame:
    """What a method loses without task labels: the columns of `derive`, metric "degradation".

    Args:
        derived: of a stream without labels.
        supervised: of the same tasks with labels; baselines carry the names of `derived`.
    """
    keys = ["baseline", "seed", "regime", "rule"]
    there = supervised[(supervised["metric"] == "acc") & (supervised["setting"] == "")]
    here = derived[derived["metric"] == "acc"]
    both = here.merge(there[[*keys, "value"]], on=keys, suffixes=("", "_there"))
    lost = both["value_there"] - both["value"]
    return both[derived.columns].assign(metric="degradation", value=lost)


def _masks(rows: pd.DataFrame) -> pd.DataFrame:
    weights = rows[rows["metric"] == "weights"].groupby(RUN)["value"].sum()
    ones = rows[rows["metric"] == "mask_ones"].groupby([*RUN, "task"])["value"].sum()
    used = rows[rows["metric"] == "weights_used"].groupby([*RUN, "after"])["value"].sum()
    shared = pairs(rows)
    parts = {
        "mask_density": ones.groupby(RUN).mean() / weights,
        "weights_used": used.groupby(RUN).last() / weights,
        "mask_overlap": shared.groupby(RUN)["value"].mean(),
    }
    tables = [
        part.rename("value").reset_index().assign(metric=name) for name, part in parts.items()
    ]
    return pd.concat(tables, ignore_index=True)


def pairs(rows: pd.DataFrame) -> pd.DataFrame:
    """Intersection over union of the masks of each pair of tasks, over all layers.

    Returns:
        The columns of `RUN`, task, other (task < other), value.
    """
    both = rows[rows["metric"] == "mask_overlap"].groupby([*RUN, "task", "other"])["value"].sum()
    ones = rows[rows["metric"] == "mask_ones"].groupby([*RUN, "task"])["value"].sum()
    table = both.rename("both").reset_index()
    sizes = ones.rename("size").reset_index()
    table = table.merge(sizes, on=[*RUN, "task"])
    table = table.merge(sizes.rename(columns={"task": "other", "size": "other_size"}))
    union = (table["size"] + table["other_size"] - table["both"]).clip(lower=1)
    table["value"] = table["both"] / union
    return table[[*RUN, "task", "other", "value"]]


def _costs(rows: pd.DataFrame) -> pd.DataFrame:
    kept = rows[rows["metric"].isin(["stored_bytes", "stored_examples"])]
    last = kept.sort_values("after").groupby([*RUN, "metric"])["value"].last().reset_index()
    spent = rows[rows["metric"].isin(["train_seconds", "eval_seconds"])]
    seconds = spent.groupby(RUN)["value"].sum().reset_index().assign(metric="seconds")
    return pd.concat([last, seconds], ignore_index=True)


def _learned(r: Matrix) -> Matrix:
    """R[j, j] for each task j."""
    tasks = np.arange(r.shape[1])
    learned: Matrix = r[tasks + 1, tasks]
    return learned


def _mean(values: Matrix) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
