"""Whether rows can be what their runs measured: of which run, of which task, in which range.

The schema (`storage.schema`) says what a row looks like. Here a row is held against its run: a
stream of five tasks has no sixth, a share is from 0 to 1, and of the accuracies that the metrics
are made of none is missing. All runs of a table are checked at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.config.benchmark_registry import benchmarks
from harness.config.run import Run
from harness.config.scenarios import CLASS_IL, TASK_IL
from harness.storage.schema import MEASUREMENTS

_SHARES: Final = (
    "accuracy",
    "accuracy_under",
    "epoch_accuracy",
    "inferred_as",
    "inferred_together",
    "old_new_auroc",
    "old_new_fpr",
)
_DIFFERENCES: Final = ("rounding_gap",)
"""Differences of two shares."""

_OF_TASK: Final = (*_SHARES, *_DIFFERENCES, "border")
"""Measurements whose `task` is one of the stream; that of others may be a mask."""

_OF_TWO_TASKS: Final = ("accuracy_under", "inferred_as")
"""Those whose `other` is one too."""

_MOST: Final = 2**53
"""Above it, not every whole number is a float: no count, size or time is as large."""

Codes = NDArray[np.intp]


def check(rows: pd.DataFrame, runs: Iterable[Run]) -> pd.DataFrame:
    """The rows, if they are those of the runs and can be what these measured.

    What is printed of a run's setting is a label of its time and not compared.

    Args:
        rows: of `harness.storage.schema.check`.
        runs: the finished runs that they are of.

    Raises:
        ValueError: a run has no rows, rows say something of a run that is not so, a number is out
            of its range, or an accuracy is missing.
    """
    by_id = {run.id: run for run in runs}
    _check_owners(rows, by_id)
    if len(rows):
        owner, ids = pd.factorize(rows["run_id"])
        own = [by_id[run_id] for run_id in ids]
        tasks = np.array([_tasks(run) for run in own])
        _check_ranges(rows, tasks, owner)
        _check_whole(rows, own, tasks, owner)
    return rows


def _tasks(run: Run) -> int:
    """Number of tasks of a run's stream; 0 where the benchmark is not known as it was then."""
    benchmark = benchmarks().get(run.benchmark)
    if benchmark is None or run.versions.get("benchmark", 1) != benchmark.version:
        return 0
    return min(run.training.get("tasks") or benchmark.tasks, benchmark.tasks)


def _main_accuracies(rows: pd.DataFrame, runs: Sequence[Run], owner: Codes) -> NDArray[np.bool_]:
    """The accuracies in a run's own scenario; without labels, those that are always measured."""
    labelled = [getattr(benchmarks().get(run.benchmark), "labelled", True) for run in runs]
    scenarios = [
        run.scenario if has_labels else TASK_IL
        for run, has_labels in zip(runs, labelled, strict=True)
    ]
    own = rows["scenario"].astype("object").to_numpy() == np.array(scenarios, dtype=object)[owner]
    found: NDArray[np.bool_] = own & rows["metric"].eq("accuracy").to_numpy(bool)
    return found


def _matrix(run: Run) -> str:
    """Which tasks were tested after each: seen, whole or diagonal."""
    benchmark = benchmarks().get(run.benchmark)
    if benchmark is not None and not benchmark.labelled:
        return "whole"
    matrix = str(run.training.get("accuracy_matrix", "seen"))
    return "seen" if (matrix, run.scenario) == ("whole", CLASS_IL) else matrix


def _check_owners(rows: pd.DataFrame, runs: dict[str, Run]) -> None:
    columns = ["run_id", "benchmark", "baseline", "seed"]
    found = set(rows[columns].drop_duplicates().itertuples(index=False, name=None))
    expected = {(run_id, run.benchmark, run.baseline, run.seed) for run_id, run in runs.items()}
    for row in sorted(found - expected, key=str):
        raise ValueError(f"rows of (run_id, benchmark, baseline, seed) {row}, which is no run here")
    for run in sorted(expected - found):
        raise ValueError(f"no rows of (run_id, benchmark, baseline, seed) {run}")


def _check_ranges(rows: pd.DataFrame, tasks: NDArray[np.int64], owner: Codes) -> None:
    """Refuse what is of no task of the stream, and values that cannot be.

    Args:
        rows: to check.
        tasks: number of tasks of each run's stream; 0 where it is not known.
        owner: number of each row's run.
    """

    def of(names: Sequence[str]) -> NDArray[np.bool_]:
        chosen: NDArray[np.bool_] = rows["metric"].isin(names).to_numpy()
        return chosen

    value = rows["value"].to_numpy()
    shares, differences = of(_SHARES), of(_DIFFERENCES)
    counts = of([name for name in MEASUREMENTS if name not in (*_SHARES, *_DIFFERENCES)])
    _refuse(rows, shares & ((value < 0) | (value > 1)), "is not from 0 to 1")
    _refuse(rows, differences & ((value < -1) | (value > 1)), "is not from -1 to 1")
    _refuse(rows, counts & ((value < 0) | (value > _MOST)), "is below 0, or too large")
    # a run of unknown tasks can have as many as rows: matrices are made as large as the last task
    most = np.where(tasks > 0, tasks, np.bincount(owner, minlength=len(tasks)))[owner]
    for name, least, of_tasks in (
        ("after", 0, of(["accuracy"])),
        ("task", 1, of(_OF_TASK)),
        ("other", 1, of(_OF_TWO_TASKS)),
    ):
        blank, number = rows[name].isna().to_numpy(), rows[name].to_numpy(np.int64, na_value=least)
        limited = of_tasks | ((tasks > 0)[owner] & (name == "after"))
        outside = (number < least) | (number > _MOST) | (limited & (number > most))
        _refuse(rows, outside | (blank & of_tasks), f"is of no such task: {name}")


def _refuse(rows: pd.DataFrame, wrong: NDArray[np.bool_], what: str) -> None:
    if wrong.any():
        row = rows.iloc[int(wrong.argmax())]
        keys = ("metric", "scenario", "rule", "after", "task", "other", "value")
        said = ", ".join(
            f"{key} {row[key]}" for key in keys if not pd.isna(row[key]) and row[key] != ""
        )
        raise ValueError(f"a measurement of run {row['run_id']} {what} ({said})")


def _check_whole(
    rows: pd.DataFrame, runs: Sequence[Run], tasks: NDArray[np.int64], owner: Codes
) -> None:
    """Refuse runs that lack measurements which every run like them has.

    Args:
        rows: to check; in range.
        runs: that they are of.
        tasks: number of tasks of each run's stream; 0 where it is not known.
        owner: number of each row's run.
    """
    after, task = (rows[name].to_numpy(np.int64, na_value=0) for name in ("after", "task"))
    known = tasks > 0
    width = int(tasks.max(initial=0)) + 1
    learned = np.unique((owner * width + after)[(after > 0) & known[owner]])
    run, reached = learned // width, learned % width  # every moment of which anything is known
    moments = np.bincount(run, minlength=len(runs))
    at_once = moments == 1  # joint training
    last = np.bincount(run, reached == tasks[run], minlength=len(runs)) > 0
    _lacks(runs, known & ~(last & (at_once | (moments == tasks))), "what followed some tasks")

    main = np.flatnonzero(_main_accuracies(rows, runs, owner) & known[owner])
    cells = np.unique(np.stack([owner[main], after[main], task[main]]), axis=1)
    tested = pd.Index(cells[0] * width + cells[1]).value_counts()
    expected = np.concatenate([np.flatnonzero(known) * width, learned])
    of, moment = expected // width, expected % width
    matrices = np.array([_matrix(one) for one in runs], dtype=object)
    # without the identity, a method that infers it has no diagonal
    on_diagonal = np.array([one.scenario == TASK_IL for one in runs], dtype=np.int64)
    least = np.select(
        [matrices[of] == "whole", moment == tasks[of], matrices[of] == "seen", moment > 0],
        [tasks[of], tasks[of], moment, on_diagonal[of]],
    )
    short = tested.reindex(expected, fill_value=0).to_numpy() < least
    _lacks(runs, np.bincount(of, short, minlength=len(runs)) > 0, "some accuracies")

    for metric, squared, what in (
        ("accuracy", False, "some accuracies after the last task"),
        ("inferred_as", True, "some of the tasks inferred after the last one"),
    ):
        final = (after == tasks[owner]) & known[owner]
        chosen = rows["metric"].eq(metric).to_numpy(bool)
        keys = [
            pd.Series(owner[chosen]),
            *(rows[name][chosen].cat.codes.reset_index(drop=True) for name in ("scenario", "rule")),
        ]
        counts = pd.Series(final[chosen]).groupby(keys).sum()
        run = counts.index.get_level_values(0).to_numpy()
        number = tasks[run] ** 2 if squared else tasks[run]
        few = known[run] & (counts.to_numpy() < number)
        _lacks(runs, np.bincount(run, few, minlength=len(runs)) > 0, what)


def _lacks(runs: Sequence[Run], wrong: NDArray[np.bool_], what: str) -> None:
    if wrong.any():
        raise ValueError(f"run {runs[int(wrong.argmax())].id} lacks {what}")
