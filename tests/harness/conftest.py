"""Strategies that were trained for a moment, and results that were made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from harness.config.run import Run
from harness.config.scenarios import CLASS_IL, TASK_IL
from harness.storage import schema, store
from harness.storage.record import MethodDeclaration, Record
from harness.storage.schema import Row, RowKeys

if TYPE_CHECKING:
    from harness.data.streams import Stream

TASKS = 5


@pytest.fixture(scope="session")
def three_tasks() -> Stream:
    """The first three tasks of Split-MNIST, 256 training and 60 test examples each."""
    from harness.config.benchmarks import BENCHMARKS
    from harness.config.budgets import TrainingBudget
    from harness.data.streams import make_stream

    training = TrainingBudget(epochs=1, train_examples=256, test_examples=60, tasks=3)
    return make_stream(BENCHMARKS["split_mnist"], training, seed=0)


@pytest.fixture(scope="session")
def train() -> Callable[..., Any]:
    """A strategy of a kind, trained for two epochs on the first tasks of a stream."""
    import torch
    from avalanche.training.plugins import EvaluationPlugin
    from torch import nn

    from harness.data.loading import TensorLoading
    from harness.training.networks import mlp

    def trained(
        kind: Callable[..., Any],
        stream: Stream,
        model: nn.Module | None = None,
        tasks: int = 2,
        **arguments: Any,
    ) -> Any:
        torch.manual_seed(0)
        model = model or mlp(10)
        strategy = kind(
            model=model,
            optimizer=torch.optim.Adam(model.parameters(), lr=2e-3),
            criterion=nn.CrossEntropyLoss(),
            train_mb_size=32,
            train_epochs=2,
            evaluator=arguments.pop("evaluator", EvaluationPlugin()),
            plugins=[TensorLoading(0), *arguments.pop("plugins", [])],
            **arguments,
        )
        for experience in stream.experiences[:tasks]:
            strategy.train(experience)
        return strategy

    return trained


@pytest.fixture(scope="session")
def measured() -> Callable[..., tuple[Run, pd.DataFrame]]:
    """A run of a method on a little of Split-MNIST, and its rows; each is trained once."""
    from baselines.registry import methods
    from harness.config.benchmarks import BENCHMARKS
    from harness.config.budgets import TrainingBudget
    from harness.config.plan import plan
    from harness.config.resolution import resolve

    @lru_cache
    def of(name: str, scenario: str = TASK_IL, **budget: Any) -> tuple[Run, pd.DataFrame]:
        from harness.experiment.experiment import run_experiment

        method = methods()[name]
        little = {"epochs": 1, "train_examples": 64, "test_examples": 32, **budget}
        [run] = plan(
            BENCHMARKS["split_mnist"],
            [scenario],
            "smoke",
            TrainingBudget(**little),
            {name: method},
            {name: resolve(method, {}, {})},
            seeds=1,
        )
        return run, run_experiment(run, device="cpu", data=None, report=lambda _: None).rows

    return of


def save_run(
    root: Path,
    baseline: str,
    seed: int,
    level: float,
    epochs: int = 1,
    scenario: str = TASK_IL,
    profile: str = "default",
) -> Path:
    """A finished run on Split-MNIST; "rmn" has masks and infers tasks, others have neither.

    Args:
        root: folder of the results.
        baseline: name of the method.
        seed: of the run.
        level: accuracy on every task learned in task-il, where tasks to come are at a half; without
            the identity, accuracies are half of it.
        epochs: of training, an override where they are several.
        scenario: of the run.
        profile: of the run.
    """
    training = {
        "epochs": epochs,
        "batch_size": 128,
        "learning_rate": 0.002,
        "decay": True,
        "accuracy_matrix": "whole",
    }
    run = Run(
        benchmark="split_mnist",
        scenario=scenario,
        baseline=baseline,
        settings={"x": 1.0},
        profile=profile,
        training=training,
        seed=seed,
        versions={"rows": 1},
        overrides={"training.epochs": epochs} if epochs > 1 else {},
    )
    rows = [*_accuracies(baseline, level, scenario), *_costs()]
    if baseline == "rmn":
        rows += _masks()
        if scenario != TASK_IL:
            rows += _inferred(scenario)
    method = MethodDeclaration(
        title=baseline.upper(), reference="r", rule="max-logit" if baseline == "rmn" else ""
    )
    origin = {
        "device_name": "a processor",
        "versions": {"torch": "1"},
        "commit": "abc",
        "command": "python -m harness.compare --benchmark split_mnist",
    }
    return store.save(root, Record(run, method, origin), schema.table(rows, run))


def _accuracies(baseline: str, level: float, scenario: str) -> Iterator[Row]:
    rules = ("max-logit", "energy") if baseline == "rmn" else (schema.CLASSES_SEEN,)
    for after in range(TASKS + 1):
        for task in range(1, TASKS + 1):
            at: RowKeys = {"scenario": scenario, "after": after, "task": task}
            if scenario == TASK_IL:
                value = level if task <= after else 0.5
                yield {**at, "metric": "accuracy", "value": value}
            elif task <= after:
                for rule in rules:
                    yield {**at, "metric": "accuracy", "rule": rule, "value": level / 2}


def _costs() -> Iterator[Row]:
    for after in range(1, TASKS + 1):
        yield {"metric": "train_seconds", "after": after, "value": 2.0}
        yield {"metric": "eval_seconds", "after": after, "value": 1.0}
        yield {"metric": "stored_bytes", "after": after, "value": 100.0 * after}
        yield {"metric": "stored_examples", "after": after, "value": 0.0}


def _masks() -> Iterator[Row]:
    """Two layers of 100 weights: each mask keeps 20, each pair of tasks shares 5."""
    for layer in ("1", "4"):
        yield {"metric": "weights", "layer": layer, "value": 100.0}
        for task in range(1, TASKS + 1):
            at: RowKeys = {"layer": layer, "after": task}
            yield {**at, "metric": "mask_ones", "task": task, "value": 20.0}
            yield {**at, "metric": "weights_used", "value": 15.0 * task}
            for earlier in range(1, task):
                pair: RowKeys = {**at, "task": earlier, "other": task}
                yield {**pair, "metric": "mask_overlap", "value": 5.0}


def _inferred(scenario: str) -> Iterator[Row]:
    for task in range(1, TASKS + 1):
        for other in range(1, TASKS + 1):
            at: RowKeys = {"after": TASKS, "task": task, "other": other}
            share = 0.6 if task == other else 0.1
            named: RowKeys = {**at, "scenario": scenario, "rule": "max-logit"}
            yield {**named, "metric": "inferred_as", "value": share}


@pytest.fixture(scope="session", name="save_run")
def save_run_fixture() -> Callable[..., Path]:
    """See `save_run`."""
    return save_run


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two scenarios of two methods with three seeds each; never to be written to."""
    root = tmp_path_factory.mktemp("results")
    for scenario in (TASK_IL, CLASS_IL):
        for seed, noise in enumerate((0.012739, 0.000819, 0.016265)):
            save_run(root, "rmn", seed, 0.95 + noise, scenario=scenario)
            save_run(root, "naive", seed, 0.6 + noise / 3, scenario=scenario)
    return root
