"""How far a run is, step by step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.experiment.progress import ProgressTracker, RunProgress, TrainingStage


def test_every_step_is_reported_once() -> None:
    reported: list[RunProgress] = []
    first, second = TrainingStage("task 1/2", 2), TrainingStage("task 2/2", 1)
    tracker = ProgressTracker([first, second], reported.append)
    tracker.tested(1)
    tracker.begin(first)
    tracker.trained(1)
    tracker.trained(2)
    tracker.tested(1)
    tracker.tested(1)
    tracker.begin(second)
    tracker.trained(1)
    assert reported == [
        RunProgress(0, 3, "untrained, testing on task 1"),
        RunProgress(0, 3, "task 1/2, epoch 1/2"),
        RunProgress(1, 3, "task 1/2, epoch 2/2"),
        RunProgress(2, 3, "task 1/2, testing"),
        RunProgress(2, 3, "task 1/2, testing on task 1"),
        RunProgress(2, 3, "task 2/2, epoch 1/1"),
        RunProgress(3, 3, "task 2/2, testing"),
    ]
    assert [progress.fraction for progress in reported[:3]] == [0, 0, pytest.approx(1 / 3)]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.integers(0, 3))
def test_progress_counts_every_epoch_and_never_goes_back(epochs: list[int], tests: int) -> None:
    reported: list[RunProgress] = []
    stages = [TrainingStage(f"task {number}", each) for number, each in enumerate(epochs)]
    tracker = ProgressTracker(stages, reported.append)
    for stage in stages:
        tracker.begin(stage)
        for epoch in range(1, stage.epochs + 1):
            tracker.trained(epoch)
        for task in range(1, tests + 1):
            tracker.tested(task)
    done = [progress.done for progress in reported]
    assert done == sorted(done)
    assert set(done) == set(range(sum(epochs) + 1))
    assert {progress.total for progress in reported} == {sum(epochs)}
    assert (reported[0].fraction, reported[-1].fraction) == (0.0, 1.0)
    assert len(set(reported)) == len(reported) == sum(epochs) + len(epochs) * (1 + tests)
