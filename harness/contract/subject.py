"""A method whose contract is checked, and the small runs on MNIST that the laws look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import torch
from torch import nn

from baselines.context import Context
from baselines.interface import Baseline, Requirement
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.config.plan import is_compatible, plan
from harness.config.resolution import resolve
from harness.config.run import Run
from harness.config.scenarios import CLASS_IL, TASK_IL
from harness.data.loading import TensorLoading
from harness.data.streams import Stream, make_stream
from harness.experiment.building import build
from harness.experiment.experiment import RunResult, run_experiment
from harness.training.networks import mlp

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

LABELLED: Final = "split_mnist"
UNLABELLED: Final = "split_mnist_unsupervised"

TRAINING: Final = TrainingBudget(
    epochs=4, batch_size=32, train_examples=512, test_examples=200, tasks=3
)
"""For streams with task labels; the others need room for a detector to warm up."""

_TASK_FREE: Final = replace(TRAINING, epochs=10, train_examples=1024)


def small_context() -> Context:
    """What a method is given to train two epochs of the paper's MLP."""

    def network() -> nn.Module:
        torch.manual_seed(0)
        return mlp(10)

    loading = (TensorLoading(0),)
    return Context(
        network=network,
        outputs=10,
        tasks=5,
        epochs=2,
        batch_size=32,
        learning_rate=0.002,
        device=torch.device("cpu"),
        seed=0,
        plugins=loading,
        shared_plugins=loading,
    )


@cache
def small_stream() -> Stream:
    """Split-MNIST, 256 training and 128 test examples a task."""
    training = TrainingBudget(epochs=1, train_examples=256, test_examples=128)
    return make_stream(BENCHMARKS[LABELLED], training, seed=0)


class Subject:
    """A method, and what it did in small runs, under its `check_settings`; each is made once.

    Args:
        method: the method.
    """

    def __init__(self, method: type[Baseline]) -> None:
        self.method = method
        self.labelled = is_compatible(BENCHMARKS[LABELLED], method)
        self._made: dict[str, RunResult] = {}

    @property
    def at_once(self) -> bool:
        """Whether it is trained on all tasks at once."""
        return Requirement.ALL_TASKS_AT_ONCE in self.method.requirements

    @property
    def under(self) -> str:
        """What it says of the settings of its runs; "" if they are the default ones."""
        given = self.method.check_settings.items()
        return f", with {', '.join(f'{name}={value}' for name, value in given)}" if given else ""

    def run(self, scenario: str = TASK_IL, *, labelled: bool | None = None, **budget: Any) -> Run:
        """A run of the method.

        Args:
            scenario: of the run; streams without task labels have but one.
            labelled: whether the stream has task labels; None: if the method suits such a stream.
            **budget: what is changed of the training budget.

        Raises:
            SettingError: the scenario does not allow the budget.
        """
        labelled = self.labelled if labelled is None else labelled
        name = LABELLED if labelled else UNLABELLED
        training = TRAINING if self.labelled else _TASK_FREE
        if not labelled:  # the loss is over all outputs, which 64 steps may not tell apart
            training = replace(training, decay=False, epochs=_TASK_FREE.epochs)
        default = resolve(self.method, {}, {})
        changed = replace(default, values={**default.values, **self.method.check_settings})  # noqa: PD011
        [run] = plan(
            BENCHMARKS[name],
            "smoke",
            replace(training, **budget),
            {self.method.name: self.method},
            {scenario if labelled else CLASS_IL: {self.method.name: changed}},
            seeds=[0],
        )
        return run

    def outcome(self, scenario: str = TASK_IL, **changes: Any) -> RunResult:
        """What such a run measured.

        Args:
            scenario: see `run`.
            **changes: of the budget, see `run`.
        """
        run = self.run(scenario, **changes)
        if run.id not in self._made:
            self._made[run.id] = made(run)
        return self._made[run.id]

    def trained(
        self, tasks: int, context: Context | None = None, method: Baseline | None = None
    ) -> SupervisedTemplate:
        """A strategy after the first tasks of the small stream.

        Args:
            tasks: number of tasks.
            context: what it is built with; None for `small_context`.
            method: with its settings; None for the default ones.
        """
        torch.manual_seed(0)
        strategy = build(method or self.method(), context or small_context())
        experiences = list(small_stream().experiences[:tasks])
        parts: Sequence[Any] = [experiences] if self.at_once else experiences
        for part in parts:
            strategy.train(part, reset_optimizer_state=True)
        return strategy


def made(run: Run) -> RunResult:
    """What a run measures, made here and now."""
    return run_experiment(run, device="cpu", data=None, report=lambda progress: None)


def accuracy(rows: pd.DataFrame, after: int, task: int, rule: str = "") -> float:
    """The accuracy that a run measured.

    Args:
        rows: of the run.
        after: number of tasks learned.
        task: number of the task, from 1.
        rule: how the task was inferred; "" for with its label.
    """
    at = rows[(rows["metric"] == "accuracy") & (rows["rule"] == rule)]
    [value] = at[(at["after"] == after) & (at["task"] == task)]["value"]
    return float(value)


def untimed(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that are the same whenever a run is made."""
    return rows[~rows["metric"].str.endswith("_seconds")].reset_index(drop=True)
