"""Where a run is, as its worker tells it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.experiment.progress import Course, Position, Stage
from harness.experiment.training_loop import stages

BUDGET = TrainingBudget(epochs=2, first_epochs=3, tasks=3)


def stages_of(method: str, benchmark: str) -> list[Stage]:
    return stages(methods()[method], BENCHMARKS[benchmark].under(BUDGET), BUDGET)


def test_a_course_tells_every_step_once() -> None:
    told: list[Position] = []
    first, second = Stage("task 1/2", 2), Stage("task 2/2", 1)
    course = Course([first, second], told.append)
    course.tested(1)
    course.begin(first)
    course.trained(1)
    course.trained(2)
    course.tested(1)
    course.tested(1)
    course.begin(second)
    course.trained(1)
    assert told == [
        Position(0, 3, "untrained, testing on task 1"),
        Position(0, 3, "task 1/2, epoch 1/2"),
        Position(1, 3, "task 1/2, epoch 2/2"),
        Position(2, 3, "task 1/2, testing"),
        Position(2, 3, "task 1/2, testing on task 1"),
        Position(2, 3, "task 2/2, epoch 1/1"),
        Position(3, 3, "task 2/2, testing"),
    ]
    assert [position.share for position in told[:3]] == [0, 0, pytest.approx(1 / 3)]


def test_each_task_is_a_stage_and_the_first_may_be_longer() -> None:
    named = [Stage("task 1/3", 3), Stage("task 2/3", 2), Stage("task 3/3", 2)]
    assert stages_of("naive", "split_mnist") == named


def test_all_tasks_at_once_are_one_stage() -> None:
    assert stages_of("joint", "split_mnist") == [Stage("all 3 tasks", 2)]


@pytest.mark.parametrize("method", ["ewc", "rmn_unsupervised"])
def test_a_stream_without_borders_is_passed_once(method: str) -> None:
    once = [replace(stage, epochs=1) for stage in stages_of("naive", "split_mnist")]
    assert stages_of(method, "split_mnist_unsupervised") == once
