"""One run from its description to its rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from baselines.context import Context, Norm
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.config.run import Run
from harness.data.datasets import DataUnavailableError
from harness.data.loading import TensorLoading
from harness.data.streams import make_stream
from harness.experiment.experiment import RunResult, _context, _plugins, run_experiment
from harness.experiment.progress import ProgressTracker, RunProgress
from harness.training.augmentation import RandomAffine
from harness.training.schedules import CosineDecay, PlateauDecay

if TYPE_CHECKING:
    Result = Callable[..., RunResult]

TINY = TrainingBudget(epochs=1, train_examples=20, test_examples=10, tasks=2)


def untimed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[~rows["metric"].str.endswith("_seconds")].reset_index(drop=True)


def ignore(progress: RunProgress) -> None:
    """No one waits for the run."""


def test_a_run_gives_the_same_rows_whatever_was_drawn_before(
    result: Result, make_run: Callable[..., Run]
) -> None:
    first = result("rmn")
    torch.manual_seed(12345)
    again = run_experiment(make_run("rmn"), device="cpu", data=None, report=ignore)
    pd.testing.assert_frame_equal(untimed(again.rows), untimed(first.rows))
    assert again.masks.keys() == first.masks.keys()
    assert all(np.array_equal(again.masks[name], first.masks[name]) for name in first.masks)


@pytest.mark.parametrize("method", ["rmn", "ewc"])
def test_a_learning_curve_changes_nothing_else(
    result: Result, make_run: Callable[..., Run], method: str
) -> None:
    run = make_run(method)
    run = replace(run, training={**run.training, "learning_curve": True})
    rows = untimed(run_experiment(run, device="cpu", data=None, report=ignore).rows)
    curve = rows["metric"] == "epoch_accuracy"
    plain = untimed(result(method).rows)
    keys = [[task, task, epoch] for task in (1, 2, 3) for epoch in (1, 2)]
    assert rows.loc[curve, ["after", "task", "other"]].to_numpy().tolist() == keys
    assert rows.loc[~curve, "value"].tolist() == plain["value"].tolist()
    learned = rows[(rows["metric"] == "accuracy") & (rows["after"] == rows["task"])]
    assert rows.loc[curve, "value"].tolist()[1::2] == learned["value"].tolist()


def test_another_seed_gives_other_rows_of_its_own(
    result: Result, make_run: Callable[..., Run]
) -> None:
    run = replace(make_run("naive"), seed=1)
    rows = run_experiment(run, device="cpu", data=None, report=ignore).rows
    assert set(rows["run_id"]) == {run.id}
    assert set(rows["seed"]) == {1}
    assert not untimed(rows)["value"].equals(untimed(result("naive").rows)["value"])


def test_the_untrained_network_is_the_same_for_every_method(result: Result) -> None:
    def before_training(method: str) -> list[list[object]]:
        rows = result(method).rows
        rows = rows[(rows["metric"] == "accuracy") & (rows["after"] == 0)]
        return rows[["scenario", "task", "value"]].to_numpy().tolist()

    assert before_training("naive") == before_training("ewc") != []


def context_of(run: Run) -> Context:
    budget = TrainingBudget(**run.training)
    stream = make_stream(BENCHMARKS[run.benchmark], budget, seed=run.seed)
    method = methods()[run.baseline]()
    return _context(stream, run, budget, 1, torch.device("cpu"), (), method)


@pytest.mark.parametrize(
    ("method", "benchmark", "scenario", "asked", "expected"),
    [
        ("ewc", "split_mnist", "task-il", {}, ("per-task", "shared", "own", 10)),
        ("ewc", "split_mnist", "task-il", {"outputs": "heads"}, ("per-task", "per-task", "all", 2)),
        ("ewc", "split_mnist", "task-il", {"outputs": "shared"}, ("per-task", "shared", "all", 2)),
        ("ewc", "split_mnist", "class-il", {}, ("shared", "shared", "seen", 10)),
        ("rmn", "split_mnist", "class-il", {}, ("per-task", "shared", "own", 10)),
        ("ewc", "split_mnist", "domain-il", {"norm": "none"}, ("none", "shared", "all", 2)),
        ("ewc", "permuted_mnist", "task-il", {"norm": "group"}, ("group", "shared", "all", 10)),
        ("naive", "split_mnist_fuzzy", "class-il", {}, ("shared", "shared", "all", 10)),
    ],
)
def test_the_scenario_decides_what_a_method_is_given(
    method: str,
    benchmark: str,
    scenario: str,
    asked: dict[str, Any],
    expected: tuple[str, str, str, int],
    make_run: Callable[..., Run],
) -> None:
    budget = replace(TINY, decay=False, **asked)
    context = context_of(make_run(method, benchmark, budget, scenario))
    assert (context.norm, context.head, context.loss, context.outputs) == expected
    tasks = BENCHMARKS[benchmark].classes[:2]
    assert context.task_outputs == (tasks if context.loss != "all" else ())
    norms = [m for m in context.network().modules() if isinstance(m, nn.BatchNorm1d)]
    assert bool(norms) == (context.norm in ("per-task", "shared"))


def test_networks_are_numbered_within_a_run(make_run: Callable[..., Run]) -> None:
    def weights(seed: int, number: int) -> list[torch.Tensor]:
        context = context_of(replace(make_run("naive", budget=TINY), seed=seed))
        return [next(context.network().parameters()) for _ in range(number)]

    torch.manual_seed(5)
    drawn = torch.get_rng_state()
    first, second = weights(0, 2)
    assert torch.equal(torch.get_rng_state(), drawn)  # making one takes no random number of others
    assert all(map(torch.equal, weights(0, 2), (first, second)))
    assert not torch.equal(first, second)
    assert not torch.equal(first, weights(1, 1)[0])


def test_stored_masks_are_those_that_were_counted(result: Result) -> None:
    rows, masks = result("rmn").rows, result("rmn").masks
    layers = [name for name in masks if not name.endswith(".shape")]
    last = rows[rows["metric"] == "mask_ones"].sort_values("after")
    counted = last.groupby(["layer", "task"])["value"].last()
    assert {layer for layer, _ in counted.index} == set(layers)
    for layer in layers:
        shape = masks[f"{layer}.shape"]
        bits = np.unpackbits(masks[layer], count=int(shape.prod())).reshape(shape)
        assert len(bits) == 3
        ones = bits.reshape(3, -1).sum(1)
        assert ones.tolist() == [counted[layer, task] for task in (1, 2, 3)]


def test_a_method_without_masks_stores_none(result: Result) -> None:
    assert result("naive").masks == {}


def test_the_first_task_may_have_epochs_of_its_own(make_run: Callable[..., Run]) -> None:
    budget = TrainingBudget(epochs=1, first_epochs=3, train_examples=64, test_examples=32, tasks=2)
    reported: list[RunProgress] = []
    run = make_run("naive", "split_mnist", budget)
    rows = run_experiment(run, device="cpu", data=None, report=reported.append).rows
    epochs = [progress.doing for progress in reported if "epoch" in progress.doing]
    assert epochs == [
        "task 1/2, epoch 1/3",
        "task 1/2, epoch 2/3",
        "task 1/2, epoch 3/3",
        "task 2/2, epoch 1/1",
    ]
    shown = rows[rows["metric"] == "train_examples"]
    assert dict(zip(shown["after"], shown["value"], strict=True)) == {1: 3 * 64, 2: 64}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"decay": False}, set()),
        ({}, {CosineDecay}),
        ({"decay": False, "patience": 2}, {PlateauDecay}),
        ({"affine": True}, {CosineDecay, RandomAffine}),
    ],
)
def test_the_budget_decides_the_plugins(change: dict[str, object], expected: set[type]) -> None:
    budget = TrainingBudget(**{**TINY.identity(), **change})
    stream = make_stream(BENCHMARKS["split_mnist"], budget, seed=0)
    plugins = _plugins(stream, budget, 0, ProgressTracker([], ignore))
    known = {CosineDecay, PlateauDecay, RandomAffine}
    assert {type(plugin) for plugin in plugins} & known == expected
    names = [type(plugin).__name__ for plugin in plugins[:3]]
    assert names == ["TensorLoading", "OutputsSeenPlugin", "_EpochReport"]


@pytest.mark.parametrize("norm", ["per-task", "shared", "none", "group"])
def test_batches_are_of_one_task_where_each_has_a_norm_of_its_own(norm: Norm) -> None:
    budget = replace(TINY, norm=norm)
    stream = make_stream(BENCHMARKS["split_mnist"], budget, seed=0)
    loading, *_ = _plugins(stream, budget, 0, ProgressTracker([], ignore))
    assert isinstance(loading, TensorLoading)
    assert loading.by_task == (norm == "per-task")


def test_without_its_data_set_there_is_no_run(make_run: Callable[..., Run], tmp_path: Path) -> None:
    with pytest.raises(DataUnavailableError, match=r"mnist\.npz is missing"):
        run_experiment(make_run("naive"), device="cpu", data=tmp_path, report=ignore)
