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
            "smoke",
            TrainingBudget(**little),
            {name: method},
            {scenario: {name: resolve(method, {}, {})}},
            seeds=[0],
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
    norm: str = "",
    profile: str = "default",
) -> Path:
    """A finished run on Split-MNIST: accuracy `level` in task-il, half of it in class-il.

    "rmn" has masks and infers tasks, any other method has neither. A norm is one asked for.
    """
    infers = baseline == "rmn"
    training = {"epochs": epochs, "batch_size": 128, "learning_rate": 0.002, "decay": True}
    usual = "per-task" if infers or scenario == TASK_IL else "shared"
    overrides: dict[str, Any] = {"training.epochs": epochs} if epochs > 1 else {}
    run = Run(
        benchmark="split_mnist",
        scenario=scenario,
        baseline=baseline,
        settings={"x": 1.0},
        profile=profile,
        training={**training, "norm": norm or usual, "outputs": "own"},
        seed=seed,
        versions={"rows": 1},
        overrides={**overrides, "training.norm": norm} if norm else overrides,
    )
    rows = [*_accuracies(run, level), *_costs()]
    if infers:
        rows += _masks()
    if infers and scenario == CLASS_IL:
        rows += _inferred()
    method = MethodDeclaration(
        title=baseline.upper(), reference="r", rule="max-logit" if infers else ""
    )
    origin = {
        "device_name": "a processor",
        "versions": {"torch": "1"},
        "commit": "abc",
        "command": "python -m harness.compare --benchmark split_mnist",
    }
    return store.save(root, Record(run, method, origin), schema.table(rows, run))


def _accuracies(run: Run, level: float) -> Iterator[Row]:
    for after in range(TASKS + 1):
        for task in range(1, TASKS + 1):
            at: RowKeys = {"after": after, "task": task, "scenario": run.scenario}
            if run.scenario == TASK_IL:
                right = level if task <= after else 0.5
                yield {**at, "metric": "accuracy", "value": right}
            elif task <= after:
                for rule in ("max-logit", "energy") if run.baseline == "rmn" else ("classes seen",):
                    yield {**at, "rule": rule, "metric": "accuracy", "value": level / 2}


def _costs() -> Iterator[Row]:
    for after in range(1, TASKS + 1):
        yield {"metric": "train_seconds", "after": after, "value": 2.0}
        yield {"metric": "eval_seconds", "after": after, "value": 1.0}
        yield {"metric": "network_bytes", "after": after, "value": 400_000.0}
        yield {"metric": "predictor_bytes", "after": after, "value": 400_000.0 + 100 * after}
        yield {"metric": "training_bytes", "after": after, "value": 1000.0}
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


def _inferred() -> Iterator[Row]:
    for task in range(1, TASKS + 1):
        for other in range(1, TASKS + 1):
            at: RowKeys = {"after": TASKS, "task": task, "other": other}
            share = 0.6 if task == other else 0.1
            named: RowKeys = {**at, "scenario": CLASS_IL, "rule": "max-logit"}
            yield {**named, "metric": "inferred_as", "value": share}


@pytest.fixture(scope="session", name="save_run")
def save_run_fixture() -> Callable[..., Path]:
    """See `save_run`."""
    return save_run


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seeds each of two methods in two scenarios; never to be written to."""
    root = tmp_path_factory.mktemp("results")
    for seed, noise in enumerate((0.012739, 0.000819, 0.016265)):
        for scenario in (TASK_IL, CLASS_IL):
            save_run(root, "rmn", seed, 0.95 + noise, scenario=scenario)
            save_run(root, "naive", seed, 0.6 + noise / 3, scenario=scenario)
    return root
