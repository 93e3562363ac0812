from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
import torch

from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.config.plan import plan
from harness.config.resolution import resolve
from harness.config.run import Run
from harness.config.scenarios import scenarios_of
from harness.experiment.experiment import RunResult, run_experiment

TINY = TrainingBudget(
    epochs=2,
    batch_size=32,
    decay=False,
    train_examples=64,
    test_examples=40,
    tasks=3,
    accuracy_matrix="whole",
)


@pytest.fixture(scope="session")
def make_run() -> Callable[..., Run]:
    """Makes a run of seconds: method, benchmark, budget, and its scenario, or the first allowed."""

    def make_run(
        name: str,
        benchmark: str = "split_mnist",
        budget: TrainingBudget = TINY,
        scenario: str = "",
    ) -> Run:
        chosen = {name: methods()[name]}
        scenario = scenario or scenarios_of(BENCHMARKS[benchmark])[0]
        settings = {scenario: {name: resolve(chosen[name], {}, {})}}
        [run] = plan(BENCHMARKS[benchmark], "smoke", budget, chosen, settings, [0])
        return run

    return make_run


@pytest.fixture(scope="session")
def result(make_run: Callable[..., Run]) -> Callable[..., RunResult]:
    """The result of a method on a benchmark, trained once."""
    torch.set_num_threads(1)

    @cache
    def result(name: str, benchmark: str = "split_mnist", scenario: str = "") -> RunResult:
        run = make_run(name, benchmark, scenario=scenario)
        return run_experiment(run, device="cpu", data=None, report=lambda progress: None)

    return result
