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
from harness.experiment.experiment import RunResult, run_experiment

TINY = TrainingBudget(
    epochs=2, batch_size=32, decay=False, train_examples=64, test_examples=40, tasks=3
)


@pytest.fixture(scope="session")
def make_run() -> Callable[..., Run]:
    """Makes a run of seconds: method, benchmark, budget."""

    def make_run(name: str, benchmark: str = "split_mnist", budget: TrainingBudget = TINY) -> Run:
        chosen = {name: methods()[name]}
        settings = {name: resolve(chosen[name], {}, {})}
        [run] = plan(BENCHMARKS[benchmark], "smoke", budget, chosen, settings, seeds=1)
        return run

    return make_run


@pytest.fixture(scope="session")
def result(make_run: Callable[..., Run]) -> Callable[..., RunResult]:
    """The result of a method on a benchmark, trained once."""
    torch.set_num_threads(1)

    @cache
    def result(name: str, benchmark: str = "split_mnist") -> RunResult:
        run = make_run(name, benchmark)
        return run_experiment(run, device="cpu", data=None, report=lambda progress: None)

    return result
