"""The registry, and a metric that another package brings."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import harness
from harness.analysis.columns import LEADERBOARD
from harness.analysis.comparisons import comparisons
from harness.analysis.derivation import derive
from harness.analysis.leaderboard import leaderboard
from harness.analysis.metrics.accuracy import Matrix, accuracy_metric
from harness.analysis.metrics.definition import (
    Direction,
    Section,
    Unit,
    metric,
    metrics,
)
from harness.analysis.selection import select
from harness.reporting.sections import section
from harness.storage import store
from harness.storage.schema import MEASUREMENTS


def test_every_metric_says_what_it_means() -> None:
    for one in metrics().values():
        assert one.title
        assert one.formula
        assert one.source
        assert one.function.__doc__
        assert set(one.measurements) <= set(MEASUREMENTS)


def test_ids_of_stored_tables_stay() -> None:
    assert set(metrics()) == {
        "acc", "aia", "bwt", "fwt", "forgetting", "forgetting_chaudhry", "learning_accuracy",
        "task_inference", "inferred_of_10", "inferred_of_100",
        "switch_precision", "switch_recall", "switch_f1", "switch_delay", "false_alarms",
        "masks_per_task", "old_new_auroc", "old_new_fpr", "degradation", "intransigence",
        "mask_density", "weights_used", "mask_overlap", "undecided", "flipped", "beta",
        "rounding_gap", "largest_rounding_gap",
        "inference_bytes", "training_bytes", "stored_examples", "seconds",
        "router_bytes", "router_seconds",
    }  # fmt: skip


@pytest.mark.usefixtures("registry")
def test_an_id_is_given_once() -> None:
    with pytest.raises(ValueError, match="'acc'"):
        _register_worst_task("acc")


@pytest.mark.usefixtures("registry")
def test_a_metric_of_another_package_is_in_every_table(stored: Path) -> None:
    _register_worst_task("worst_task")
    _register_first_epoch()
    found = select(store.read(stored, "split_mnist", "smoke"))

    derived = derive(found.rows).set_index(["metric", "scenario", "rule"])["value"]
    assert derived["worst_task", "task-il", ""].tolist() == [0.7] * 5
    assert derived["first_seconds", "", ""].tolist() == [2.0] * 5

    [comparison] = comparisons(found)
    board = leaderboard(comparison)
    titles = [column.title for column in board.columns(*LEADERBOARD)]
    accuracies = ["ACC", "ACC, identity given", "Worst task"]
    assert titles[:3] == accuracies
    assert titles[-1] == "Seconds of the first task"
    assert board.entries[0].text(board.column("worst_task")) == "35.00"
    assert section(board, board).tables[0].head[2:5] == accuracies

    table = harness.load_metrics(stored, metric=["worst_task", "first_seconds"], seed=1)
    assert table.groupby("metric", sort=True)["value"].unique().map(list).to_dict() == {
        "first_seconds": [2.0],
        "worst_task": [0.7, 0.35],
    }


def _register_worst_task(name: str) -> None:
    @accuracy_metric(
        name,
        title="Worst task",
        direction=Direction.HIGHER,
        formula="min_j R[T,j]",
        source="this test",
        section=Section.ACCURACY,
    )
    def worst_task(r: Matrix) -> float:
        return float(r[-1].min())


def _register_first_epoch() -> None:
    @metric(
        "first_seconds",
        title="Seconds of the first task",
        unit=Unit.SECONDS,
        direction=Direction.LOWER,
        formula="wall-clock seconds of training on the first task",
        source="this test",
        measurements=("train_seconds",),
        section=Section.COSTS,
    )
    def first_seconds(rows: pd.DataFrame) -> pd.Series[float]:
        return rows[rows["after"] == 1].groupby("run_id")["value"].sum()
