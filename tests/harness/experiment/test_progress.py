"""Where a run is, as its worker tells it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.experiment.progress import ProgressTracker, RunProgress, TrainingStage

BUDGET = TrainingBudget(epochs=2, first_epochs=3, tasks=3)


def stages_of(method: str, benchmark: str) -> list[TrainingStage]:
    return training_stages(methods()[method], BENCHMARKS[benchmark].under(BUDGET), BUDGET)


def test_a_course_tells_every_step_once() -> None:
    told: list[RunProgress] = []
    first, second = TrainingStage("task 1/2", 2), TrainingStage("task 2/2", 1)
    course = ProgressTracker([first, second], told.append)
    course.tested(1)
    course.begin(first)
    course.trained(1)
    course.trained(2)
    course.tested(1)
    course.tested(1)
    course.begin(second)
    course.trained(1)
    assert told == [
        RunProgress(0, 3, "untrained, testing on task 1"),
        RunProgress(0, 3, "task 1/2, epoch 1/2"),
        RunProgress(1, 3, "task 1/2, epoch 2/2"),
        RunProgress(2, 3, "task 1/2, testing"),
        RunProgress(2, 3, "task 1/2, testing on task 1"),
        RunProgress(2, 3, "task 2/2, epoch 1/1"),
        RunProgress(3, 3, "task 2/2, testing"),
    ]
    assert [progress.fraction for progress in told[:3]] == [0, 0, pytest.approx(1 / 3)]


def test_each_task_is_a_stage_and_the_first_may_be_longer() -> None:
    named = [
        TrainingStage("task 1/3", 3),
        TrainingStage("task 2/3", 2),
        TrainingStage("task 3/3", 2),
    ]
    assert stages_of("naive", "split_mnist") == named


def test_all_tasks_at_once_are_one_stage() -> None:
    assert stages_of("joint", "split_mnist") == [TrainingStage("all 3 tasks", 2)]


@pytest.mark.parametrize("method", ["ewc", "rmn_unsupervised"])
def test_a_stream_without_borders_is_passed_once(method: str) -> None:
    once = [replace(stage, epochs=1) for stage in stages_of("naive", "split_mnist")]
    assert stages_of(method, "split_mnist_unsupervised") == once
