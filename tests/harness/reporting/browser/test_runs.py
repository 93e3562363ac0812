"""All about a run: its matrix, metrics and origin, in the order of the leaderboard."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from harness.reporting.benchmark_report import benchmark_report
from harness.reporting.model import RunDetails


@pytest.fixture(scope="module")
def runs(stored: Path) -> list[RunDetails]:
    return list(benchmark_report(stored, "split_mnist", "default").runs())


def test_every_run_is_there_in_the_order_of_the_leaderboard(runs: list[RunDetails]) -> None:
    found = [(run.section, run.title, run.seed) for run in runs]
    finished = [("RMN", seed) for seed in range(3)] + [("NAIVE", seed) for seed in range(3)]
    assert found == [
        *(("task-il", *one) for one in finished),
        *(("class-il", *one) for one in finished),
        ("class-il", "EWC (ewc_lambda=3.0)", 0),
    ]
    assert len({run.run_id for run in runs}) == len(runs)


def test_the_matrix_is_what_was_measured_under_the_methods_rule(runs: list[RunDetails]) -> None:
    task_il, class_il = runs[1], runs[7]
    assert [task_il.matrix[0][0], task_il.matrix[0][4]] == [95.08, 50.0]
    assert class_il.matrix[4] == [47.54] * 5
    assert math.isnan(class_il.matrix[0][1])  # not tested before it was learned


def test_the_task_log_has_what_each_task_came_to_and_took(runs: list[RunDetails]) -> None:
    assert runs[7].task_log == {
        "After task": ["1", "2", "3", "4", "5"],
        "Task just learned (%)": ["47.54"] * 5,
        "Tasks so far (%)": ["47.54"] * 5,
        "Training (s)": ["2.0"] * 5,
        "Evaluation (s)": ["1.0"] * 5,
    }
    assert runs[-1].task_log == {}  # it failed


def test_metrics_are_printed_with_units(runs: list[RunDetails]) -> None:
    metrics = runs[1].metrics
    assert metrics["ACC, task-il"] == "95.08 %"
    assert metrics["Forgetting, task-il"] == "0.00 %"
    assert metrics["Seconds"] == "15 seconds"
    assert metrics["Stored examples"] == "0"


def test_what_made_a_run_is_said(runs: list[RunDetails]) -> None:
    run = runs[0]
    assert run.facts["Settings of the method"] == {"x": 1.0}
    assert run.facts["Budget"]["learning_rate"] == 0.002
    assert run.facts["Made with"] == {
        "device name": "a processor",
        "versions": "torch 1",
        "commit": "abc",
    }
    assert run.command.startswith("git checkout abc && python -m harness.compare --benchmark")


def test_a_run_that_failed_has_its_traceback_alone(runs: list[RunDetails]) -> None:
    failed = runs[-1]
    assert failed.status == "failed"
    assert failed.error.startswith("</script>")
    assert (failed.metrics, failed.matrix, failed.command) == ({}, [], "")
