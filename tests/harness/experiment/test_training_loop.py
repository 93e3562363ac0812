"""Training task after task: the stages of a run, and what is measured when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd
import pytest

from baselines import registry
from baselines.interface import Requirement
from baselines.registry import methods
from baselines.replay import Replay
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.config.run import Run
from harness.experiment.experiment import RunResult, run_experiment
from harness.experiment.progress import RunProgress, TrainingStage
from harness.experiment.requirements import UndeclaredRequirementError
from harness.experiment.training_loop import TrainingLoop, training_stages

if TYPE_CHECKING:
    Result = Callable[..., RunResult]

BUDGET = TrainingBudget(epochs=2, first_epochs=3, tasks=3)


def stages_of(method: str, benchmark: str) -> list[TrainingStage]:
    return training_stages(methods()[method](), BENCHMARKS[benchmark].under(BUDGET), BUDGET)


def values(rows: pd.DataFrame, metric: str, key: str) -> dict[int, float]:
    found = rows[rows["metric"] == metric]
    return dict(zip(found[key].astype(int), found["value"], strict=True))


def test_each_task_is_a_stage_and_the_first_may_be_longer() -> None:
    assert stages_of("naive", "split_mnist") == [
        TrainingStage("task 1/3", 3),
        TrainingStage("task 2/3", 2),
        TrainingStage("task 3/3", 2),
    ]


def test_all_tasks_at_once_are_one_stage() -> None:
    assert stages_of("joint", "split_mnist") == [TrainingStage("all 3 tasks", 2)]
    assert stages_of("joint", "split_mnist_fuzzy") == [TrainingStage("all 3 tasks", 1)]


@pytest.mark.parametrize("method", ["ewc", "rmn_unsupervised"])
def test_a_stream_without_task_boundaries_is_passed_once(method: str) -> None:
    once = [replace(stage, epochs=1) for stage in stages_of("naive", "split_mnist")]
    assert stages_of(method, "split_mnist_unsupervised") == once


@pytest.mark.parametrize(
    ("method", "benchmark", "examples"),
    [
        ("naive", "split_mnist", {1: 128, 2: 128, 3: 128}),  # 64 examples, two epochs
        ("joint", "split_mnist", {3: 3 * 128}),
        ("naive", "split_mnist_unsupervised", {1: 128, 2: 128, 3: 128}),
        ("joint", "split_mnist_unsupervised", {3: 3 * 128}),
        ("rmn_unsupervised", "split_mnist_unsupervised", {1: 128, 2: 128, 3: 128}),
    ],
)
def test_a_method_is_measured_before_and_after_each_of_its_stages(
    method: str, benchmark: str, examples: dict[int, float], result: Result
) -> None:
    rows = result(method, benchmark).rows
    assert values(rows, "train_examples", "after") == examples
    accuracies = rows[rows["metric"] == "accuracy"]
    assert set(accuracies["after"]) == {0, *examples}
    sizes = ("network_bytes", "predictor_bytes", "training_bytes", "stored_examples")
    for metric in ("train_seconds", "eval_seconds", *sizes):
        assert set(values(rows, metric, "after")) == set(examples)


@pytest.mark.parametrize(("reset", "expected"), [(True, [4, 4, 4]), (False, [4, 8, 12])])
def test_the_optimizer_starts_anew_with_each_task_unless_it_is_to_go_on(
    reset: bool,
    expected: list[int],
    make_run: Callable[..., Run],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps: list[int] = []
    measure = TrainingLoop._measure

    def counting(loop: TrainingLoop, *arguments: Any) -> Any:
        steps.append(max(int(state["step"]) for state in loop.strategy.optimizer.state.values()))
        return measure(loop, *arguments)

    monkeypatch.setattr(TrainingLoop, "_measure", counting)
    usual = make_run("naive")  # 64 examples in batches of 32, two epochs
    run = replace(usual, training={**usual.training, "reset_optimizer": reset})
    run_experiment(run, device="cpu", data=None, report=lambda progress: None)
    assert steps == expected


LAST = {(3, 1), (3, 2), (3, 3)}


@pytest.mark.parametrize(
    ("scenario", "expected"), [("task-il", {(1, 1), (2, 2)} | LAST), ("class-il", LAST)]
)
def test_of_a_diagonal_only_the_task_just_learned_is_tested(
    scenario: str, expected: set[tuple[int, int]], make_run: Callable[..., Run], result: Result
) -> None:
    run = make_run("rmn", scenario=scenario)
    run = replace(run, training={**run.training, "accuracy_matrix": "diagonal"})
    rows = run_experiment(run, device="cpu", data=None, report=lambda progress: None).rows
    keys = ["scenario", "rule", "after", "task", "value"]
    found, whole = (
        {tuple(row) for row in one.loc[one["metric"] == "accuracy", keys].itertuples(index=False)}
        for one in (rows, result("rmn", scenario=scenario).rows)
    )
    assert {(after, task) for *_, after, task, _ in found} == expected
    assert found < whole


def test_the_evaluator_knows_where_tasks_begin_in_the_stream(result: Result) -> None:
    rows = result("rmn_unsupervised", "split_mnist_unsupervised").rows
    # 64 examples twice, 32 a batch
    assert values(rows, "border", "task") == {1: 0.0, 2: 4.0, 3: 8.0}
    assert rows.loc[rows["metric"] == "batches", "value"].tolist() == [12.0]
    assert values(rows, "switch", "other") == {1: 0.0}  # it is still warming up at the end


def test_a_method_that_is_given_boundaries_detects_none(result: Result) -> None:
    rows = result("naive", "split_mnist_unsupervised").rows
    assert not set(rows["metric"]) & {"border", "batches", "switch"}


def test_the_test_of_a_task_is_reported_when_it_is_taken(make_run: Callable[..., Run]) -> None:
    reported: list[RunProgress] = []
    run_experiment(make_run("naive"), device="cpu", data=None, report=reported.append)
    tests = [f"testing on task {task}" for task in (1, 2, 3)]
    for stage in ("untrained", *(f"task {task}/3" for task in (1, 2, 3))):
        doing = [progress.doing for progress in reported if progress.doing.startswith(stage)]
        assert doing[-3:] == [f"{stage}, {test}" for test in tests]
    assert reported[-1].fraction == 1.0


def test_what_is_not_declared_ends_the_run_after_its_first_task(
    make_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    @dataclass(frozen=True)
    class Secretive(Replay):
        name: ClassVar[str] = "secretive"
        requirements: ClassVar[frozenset[Requirement]] = frozenset()

    monkeypatch.setitem(registry._METHODS.entries, "secretive", Secretive)
    reported: list[RunProgress] = []
    with pytest.raises(UndeclaredRequirementError, match=r"secretive .* Requirement\.REPLAY"):
        run_experiment(make_run("secretive"), device="cpu", data=None, report=reported.append)
    assert reported[-1].doing.startswith("task 1/3, testing on task")
