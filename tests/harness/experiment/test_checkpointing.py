"""A run that was interrupted goes on to the same numbers, whatever its method keeps in mind."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from baselines.interface import Requirement
from baselines.registry import methods
from harness.config.run import Run
from harness.contract.resuming import an_interrupted_run_goes_on, interrupt, resume, same
from harness.contract.subject import Subject, made
from harness.experiment.checkpointing import CheckpointError, _random_state, _set_random_state
from harness.experiment.experiment import RunResult
from harness.storage import checkpoints

if TYPE_CHECKING:
    Result = Callable[..., RunResult]

UNLABELLED = "split_mnist_unsupervised"
TINY: dict[str, Any] = {"epochs": 2, "train_examples": 64, "test_examples": 40}
SEVERAL_STAGES = [
    name
    for name, method in methods().items()
    if Requirement.ALL_TASKS_AT_ONCE not in method.requirements
]


def assert_same(one: RunResult, other: RunResult) -> None:
    assert same(one, other)


@pytest.mark.parametrize("name", SEVERAL_STAGES)
def test_a_run_goes_on_to_the_numbers_of_an_uninterrupted_one(name: str) -> None:
    assert an_interrupted_run_goes_on(Subject(methods()[name]))


@pytest.mark.parametrize("name", ["naive", "ewc", "fromp"])
def test_an_optimizer_that_goes_on_with_the_next_task_goes_on_with_the_run(
    name: str, tmp_path: Path
) -> None:
    run = Subject(methods()[name]).run(**TINY, reset_optimizer=False)
    interrupt(run, tmp_path, "task 3/3, epoch 1/2")
    resumed, _ = resume(run, tmp_path)
    assert_same(resumed, made(run))


@pytest.mark.parametrize("name", ["naive", "single", "rmn"])
def test_a_rate_that_falls_on_a_plateau_does_not_keep_the_last_tasks_optimizer(
    name: str, tmp_path: Path
) -> None:
    """A BatchNorm per task adds parameters with each task, and Avalanche a group for them."""
    run = Subject(methods()[name]).run(**TINY, decay=False, patience=1, norm="per-task")
    interrupt(run, tmp_path, "task 3/3, epoch 1/2")
    resumed, _ = resume(run, tmp_path)
    assert_same(resumed, made(run))


def test_a_stream_with_boundaries_alone_goes_on_as_well(
    make_run: Callable[..., Run], result: Result, tmp_path: Path
) -> None:
    run = make_run("ewc", UNLABELLED)
    interrupt(run, tmp_path, "task 2/3, epoch 1/1")
    resumed, did = resume(run, tmp_path)
    assert did[0].startswith("task 2/3")
    assert_same(resumed, result("ewc", UNLABELLED))


def test_what_the_interrupted_task_had_learned_is_learned_again(
    make_run: Callable[..., Run], result: Result, tmp_path: Path
) -> None:
    run = make_run("replay")
    interrupt(run, tmp_path, "task 2/3, epoch 2/2")
    interrupt(run, tmp_path, "task 2/3, testing")
    interrupt(run, tmp_path, "task 3/3, epoch 2/2")
    resumed, _ = resume(run, tmp_path)
    assert_same(resumed, result("replay"))


def test_before_the_first_task_is_measured_there_is_nothing_to_go_on_from(
    make_run: Callable[..., Run], result: Result, tmp_path: Path
) -> None:
    run = make_run("naive")
    interrupt(run, tmp_path, "task 1/3, testing")
    assert checkpoints.read(tmp_path) is None
    resumed, did = resume(run, tmp_path)
    assert did[0].startswith("untrained")
    assert_same(resumed, result("naive"))


def test_a_damaged_checkpoint_is_none(
    make_run: Callable[..., Run], result: Result, tmp_path: Path
) -> None:
    run = make_run("naive")
    interrupt(run, tmp_path, "task 3/3, epoch 1/2")
    [state] = tmp_path.glob("state-*.pt")
    state.write_bytes(state.read_bytes()[:-1])
    resumed, did = resume(run, tmp_path)
    assert did[0].startswith("untrained")
    assert_same(resumed, result("naive"))


def test_a_checkpoint_of_other_code_is_refused(
    make_run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run("naive")
    interrupt(run, tmp_path, "task 2/3, epoch 1/2")
    with pytest.raises(CheckpointError, match="1 of 3 tasks of ewc seed 0"):
        resume(make_run("ewc"), tmp_path)
    monkeypatch.setattr(checkpoints, "code_digest", lambda: "changed")
    with pytest.raises(CheckpointError, match="go back to those to go on, or delete the folder"):
        resume(run, tmp_path)


def test_random_numbers_go_on_where_they_were() -> None:
    def draw() -> list[float]:
        legacy = np.random.normal(size=3)  # noqa: NPY002 - libraries draw from it
        gauss = [random.gauss(0, 1) for _ in range(3)]
        return [*legacy, *gauss, *torch.rand(3).tolist(), random.random()]

    draw()
    state = _random_state()
    first = draw()
    assert draw() != first
    _set_random_state(state)
    assert draw() == first
