"""Metrics of a matrix of accuracies.

R[i, j] is the accuracy on task j (from 1) after learning i tasks; row 0 is the untrained network.
A metric of cells that were not measured is NaN, never 0.

The examples below are of one matrix, of three tasks:

>>> R = np.array([[0.1, 0.1, 0.1], [0.9, 0.2, 0.1], [0.7, 0.8, 0.4], [0.8, 0.5, 0.6]])
"""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.analysis.metrics.definition import SCENARIOS, Direction, Key, Section, Unit, metric

Matrix = NDArray[np.float64]
"""R, of shape (tasks + 1, tasks)."""

_KEY: Final = ["run_id", "scenario", "rule"]


def matrix(cells: pd.DataFrame) -> Matrix:
    """The accuracy matrix R; NaN where nothing was measured.

    Args:
        cells: rows of one run, scenario and rule with `after`, `task` and `value`.
    """
    return _filled(*(cells[name].to_numpy() for name in ("after", "task", "value")))


def mean_matrix(cells: pd.DataFrame) -> Matrix:
    """The mean of R over the runs that measured each cell.

    Args:
        cells: rows of several runs of one method, scenario and rule, as for `matrix`.
    """
    return matrix(cells.groupby(["after", "task"])["value"].mean().reset_index())


def matrices(accuracies: pd.DataFrame) -> dict[Key, Matrix]:
    """The accuracy matrix of each run, scenario and rule, in the order of the rows.

    Args:
        accuracies: rows of the measurement "accuracy" (`harness.storage.schema`).
    """
    if accuracies.empty:
        return {}
    group = accuracies.groupby(_KEY, sort=False).ngroup().to_numpy()
    order = np.argsort(group, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
    columns = [accuracies[name].to_numpy() for name in ("after", "task", "value")]
    firsts = accuracies[_KEY].iloc[[part[0] for part in parts]]
    keys = firsts.itertuples(index=False, name=None)
    return {
        key: _filled(*(column[part] for column in columns))
        for key, part in zip(keys, parts, strict=True)
    }


def unseen_matrices(rows: pd.DataFrame) -> dict[Key, Matrix]:
    """`matrices` without accuracies on tasks that had begun, but that were not learned yet.

    Such a task is neither learned nor unseen. Only streams with fuzzy boundaries have any.

    Args:
        rows: of the measurements "accuracy" and "tasks_shown" (`harness.storage.schema`).
    """
    found = matrices(rows[rows["metric"] == "accuracy"])
    begun = rows[rows["metric"] == "tasks_shown"]
    of_runs = {str(run): mine for run, mine in begun.groupby("run_id", observed=True)}
    for run, r in ((key[0], r) for key, r in found.items() if key[0] in of_runs):
        moments, shown = (of_runs[run][name].astype(int) for name in ("after", "value"))
        for after, tasks in zip(moments, shown, strict=True):
            r[after, after:tasks] = np.nan
    return found


accuracy_metric: Final = partial(
    metric, unit=Unit.PERCENT, measurements=("accuracy",), scenarios=SCENARIOS, over=matrices
)
"""Decorator for a metric that is a function of `Matrix`; see `metric`."""


@accuracy_metric(
    "acc",
    title="ACC",
    direction=Direction.HIGHER,
    formula="mean_j R[T,j]",
    source="Lopez-Paz & Ranzato 2017",
    section=Section.ACCURACY,
)
def acc(r: Matrix) -> float:
    """Average accuracy after the last task.

    >>> round(acc(R), 3)  # (0.8 + 0.5 + 0.6) / 3
    0.633
    """
    return float(np.mean(r[-1]))


@accuracy_metric(
    "forgetting",
    title="Forgetting",
    direction=Direction.LOWER,
    formula="mean_{j<T} (max_{j<=l<T} R[l,j] - R[T,j])",
    source="Chaudhry et al. 2018, the maximum since the task was learned, as in the code of FACIL "
    "(Masana et al. 2022) and Continuum (Douillard & Lesort 2021)",
    section=Section.TRANSFER,
)
def forgetting(r: Matrix) -> float:
    """Average loss from the best accuracy since a task was learned.

    >>> round(forgetting(R), 3)  # (0.9 - 0.8 + 0.8 - 0.5) / 2
    0.2
    """
    tasks = r.shape[1]
    best = np.array([np.max(r[j + 1 : tasks, j]) for j in range(tasks - 1)])
    return _mean(best - r[-1, :-1])


@accuracy_metric(
    "bwt",
    title="BWT",
    direction=Direction.HIGHER,
    formula="mean_{j<T} (R[T,j] - R[j,j])",
    source="Lopez-Paz & Ranzato 2017",
    section=Section.TRANSFER,
)
def bwt(r: Matrix) -> float:
    """Backward transfer: what later tasks did to earlier ones.

    >>> round(bwt(R), 3)  # (0.8 - 0.9 + 0.5 - 0.8) / 2
    -0.2
    """
    return _mean(r[-1, :-1] - _learned(r)[:-1])


@metric(
    "fwt",
    title="FWT",
    unit=Unit.PERCENT,
    direction=Direction.HIGHER,
    formula="mean_{j>1} (R[i,j] - R[0,j]), i = j - 1; with fuzzy boundaries, where examples of j "
    "were shown by then, the last i >= 1 before any was, and no j without one",
    source="Lopez-Paz & Ranzato 2017; tasks to come are tested in streams without task labels, and "
    "elsewhere with training.accuracy_matrix=whole",
    measurements=("accuracy", "tasks_shown"),
    section=Section.TRANSFER,
    scenarios=SCENARIOS,
    over=unseen_matrices,
)
def fwt(r: Matrix) -> float:
    """Forward transfer: what earlier tasks did for a task of which nothing was shown yet.

    NaN where tasks to come were not tested. Tasks with outputs of their own answer at random until
    they are learned, whatever the method did: `intransigence` says more of such.

    >>> round(fwt(R), 3)  # (0.2 - 0.1 + 0.4 - 0.1) / 2
    0.2
    >>> early = R.copy()  # task 2 is shown before the end of task 1, and task 3 before that of 2
    >>> early[1, 1] = early[2, 2] = np.nan
    >>> round(fwt(early), 3)  # 0.1 - 0.1, of task 3 after task 1
    0.0
    """
    gains = [_unseen_gain(r, task) for task in range(1, r.shape[1])]
    return _mean(np.array([gain for gain in gains if gain is not None]))


@accuracy_metric(
    "learning_accuracy",
    title="Learning acc.",
    direction=Direction.HIGHER,
    formula="mean_j R[j,j]",
    source="Riemer et al. 2019",
    section=Section.TRANSFER,
)
def learning_accuracy(r: Matrix) -> float:
    """Average accuracy on each task right after learning it.

    >>> round(learning_accuracy(R), 3)  # (0.9 + 0.8 + 0.6) / 3
    0.767
    """
    return float(np.mean(_learned(r)))


@accuracy_metric(
    "aia",
    title="AIA",
    direction=Direction.HIGHER,
    formula="mean_i mean_{j<=i} R[i,j]",
    source="Rebuffi et al. 2017",
    section=Section.TRANSFER,
)
def aia(r: Matrix) -> float:
    """Average incremental accuracy: the average over the tasks learned so far, over the stream.

    >>> round(aia(R), 3)  # (0.9 + (0.7 + 0.8) / 2 + (0.8 + 0.5 + 0.6) / 3) / 3
    0.761
    """
    return float(np.mean([np.mean(r[i, :i]) for i in range(1, len(r))]))


@accuracy_metric(
    "forgetting_chaudhry",
    title="Forgetting (Chaudhry)",
    direction=Direction.LOWER,
    formula="mean_{j<T} (max_{1<=l<T} R[l,j] - R[T,j])",
    source="Chaudhry et al. 2018, Section 3, the maximum as printed",
    section=None,
)
def forgetting_chaudhry(r: Matrix) -> float:
    """Average loss from the best accuracy ever, before a task was learned too.

    It differs from `forgetting` only for a task that was known better before it was learned than
    ever since, but before the end. NaN where accuracies on tasks to come were not measured.

    >>> round(forgetting_chaudhry(R), 3)  # as `forgetting`: 0.2 on task 2 before it, 0.8 since
    0.2
    >>> foreseen = np.array([[0.1, 0.1, 0.1], [0.9, 0.9, 0.1], [0.9, 0.8, 0.1], [0.9, 0.7, 0.9]])
    >>> round(forgetting_chaudhry(foreseen), 3)  # (0.9 - 0.9 + 0.9 - 0.7) / 2
    0.1
    >>> round(forgetting(foreseen), 3)  # (0.9 - 0.9 + 0.8 - 0.7) / 2
    0.05
    """
    tasks = r.shape[1]
    best = np.array([np.max(r[1:tasks, j]) for j in range(tasks - 1)])
    return _mean(best - r[-1, :-1])


def _filled(
    after: NDArray[np.int64], task: NDArray[np.int64], value: NDArray[np.float64]
) -> Matrix:
    tasks = int(task.max())
    r = np.full((tasks + 1, tasks), np.nan)
    r[after.astype(int), task.astype(int) - 1] = value
    return r


def _learned(r: Matrix) -> Matrix:
    """R[j, j] for each task j."""
    tasks = np.arange(r.shape[1])
    learned: Matrix = r[tasks + 1, tasks]
    return learned


def _unseen_gain(r: Matrix, task: int) -> float | None:
    """What earlier tasks did for one, numbered from 0; None if it was never tested in time."""
    in_time = r[1 : task + 1, task]
    measured = in_time[~np.isnan(in_time)]
    return float(measured[-1] - r[0, task]) if len(measured) else None


def _mean(values: Matrix) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
