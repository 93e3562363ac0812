"""Evaluating a strategy on every task, under both regimes, straight from tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

import torch
from avalanche.models import avalanche_forward
from torch import Tensor

from baselines.interface import HasFingerprints, InfersTask, InfersTaskInOneShot
from harness.config.benchmarks import Benchmark
from harness.data.datasets import TaskData
from harness.evaluation.logit_cache import Answers
from harness.storage.schema import ALONE, CLASSES_SEEN, TASK_AGNOSTIC, TASK_AWARE
from harness.training.precision import mixed_precision
from rmn.inference import SCORING_RULES, infer_task
from rmn.routing import ClassRouter, Router, RoutingPlugin

_BATCH: Final = 500  # examples per forward pass
_CACHED: Final = {"cifar_cnn": 64, "omniglot_cnn": 32, "resnet18": 256}
"""Examples per forward pass of a network whose activations would leave a processor's cache."""
_GRADIENT_BATCH: Final = 100  # the one-shot rule keeps the activations that a gradient needs
_FEW_TASKS: Final = 10

Row = dict[str, Any]


def evaluate(
    strategy: Any,
    benchmark: Benchmark,
    test: tuple[TaskData, ...],
    after: int,
    device: torch.device,
    precision: str = "float32",
    answers: Answers | None = None,
) -> Iterator[Row]:
    """Rows of accuracy, and of the tasks that were inferred, after learning `after` tasks.

    Task-aware: the strategy's model is given the task label and chooses among the task's classes.
    Task-agnostic: a strategy that answers under each learned task has its task inferred by every
    rule, on the tasks learned so far; any other chooses among the classes seen so far.
    The one-shot rule costs a gradient through every mask and is measured after the last task only.
    A task router is a rule as well; one that knows classes is also measured alone.
    Where tasks share outputs that mean another class in each, an answer under another task's
    identity is wrong, and a strategy that infers no task has none that could be right.

    All this grows with the square of the number of tasks, inference with its cube. In streams of
    more than ten tasks only what the metrics need is measured: of tasks to come the next one, task
    inference for the task just learned and after the last task for all, in the `precision` of
    training, and no one-shot rule. `answers` of earlier evaluations of the same run are used again
    where the strategy's fingerprints say that they still hold.
    """
    strategy.model.eval()
    functions = _Functions(strategy, after, Answers() if answers is None else answers)
    table = class_table(benchmark).to(device)
    few, last = benchmark.tasks <= _FEW_TASKS, after == len(test)
    for task, data in enumerate(test):
        if not few and 0 < after < task:
            break
        batches = _Batches(data, device, benchmark.network)
        row: Row = {"after": after, "task": task + 1}
        logits = functions.given_the_task(batches, task)
        yield {**row, **accuracy_row(logits, table[task], batches.y, TASK_AWARE)}
        if isinstance(strategy, InfersTask):
            if task < after and (few or last or task == after - 1):
                with mixed_precision(device, "float32" if few else precision):
                    logits = functions.all(batches, task)
                yield from _by_inference(strategy, batches, logits, benchmark, row, last)
        elif after and not benchmark.relative:
            agnostic = accuracy_row(logits, table[:after].any(0), batches.y, TASK_AGNOSTIC)
            yield {**row, **agnostic, "rule": CLASSES_SEEN}


class _Functions:
    """What a strategy has learned of each task, asked about the test data of tasks."""

    def __init__(self, strategy: Any, learned: int, answers: Answers) -> None:
        self.strategy = strategy
        self.answers = answers
        self.fingerprints: list[bytes] = []
        if isinstance(strategy, HasFingerprints):
            self.fingerprints = [strategy.fingerprint(task) for task in range(learned)]

    @torch.no_grad()
    def given_the_task(self, batches: _Batches, task: int) -> Tensor:
        """Logits of the data of `task`, whose label the model is given, (n, outputs)."""

        def answer(x: Tensor) -> Tensor:
            labels = batches.y.new_full((len(x),), task)
            logits: Tensor = avalanche_forward(self.strategy.model, x, labels)
            return logits

        known = self.fingerprints[task] if task < len(self.fingerprints) else None
        return self.answers.get(("given", task), known, lambda: batches.apply(answer))

    @torch.no_grad()
    def all(self, batches: _Batches, task: int) -> Tensor:
        """Logits of the data of `task` under every learned task, (tasks, n, outputs)."""
        if not self.fingerprints:
            return batches.apply(self.strategy.logits_per_task, dim=1).float()

        def of(function: int) -> Tensor:
            return batches.apply(partial(self.strategy.logits_of_task, task=function)).float()

        known = enumerate(self.fingerprints)
        logits = [self.answers.get((n, task), mark, partial(of, n)) for n, mark in known]
        return torch.stack(logits)


def class_table(benchmark: Benchmark) -> Tensor:
    """Which outputs each task can have, bool, (tasks, outputs)."""
    table = torch.zeros(benchmark.tasks, benchmark.outputs, dtype=torch.bool)
    for task, outputs in enumerate(benchmark.answers):
        table[task, list(outputs)] = True
    return table


class _Batches:
    """One task's test data in batches on the device."""

    def __init__(self, data: TaskData, device: torch.device, network: str) -> None:
        self.y = data.images.labels.to(device)
        self.inputs = data.inputs().to(device)
        self.size = _CACHED.get(network, _BATCH) if device.type == "cpu" else _BATCH

    def apply(
        self, function: Callable[[Tensor], Tensor], dim: int = 0, size: int | None = None
    ) -> Tensor:
        """`in_batches` over the inputs."""
        return in_batches(function, self.inputs, dim, size or self.size)


def in_batches(
    function: Callable[[Tensor], Tensor], x: Tensor, dim: int = 0, size: int = _BATCH
) -> Tensor:
    """`function` of the inputs `x`, at most `size` at a time, put together along `dim`."""
    return torch.cat([function(part) for part in torch.split(x, size)], dim)


def accuracy_row(logits: Tensor, classes: Tensor, y: Tensor, regime: str) -> Row:
    """Accuracy of the best class among some.

    Args:
        logits: (n, outputs).
        classes: which outputs may be chosen, bool, (outputs,).
        y: right classes, (n,).
        regime: under which it was measured.
    """
    predicted = logits.masked_fill(~classes, -torch.inf).argmax(-1)
    return {"metric": "accuracy", "regime": regime, "value": share(predicted == y)}


def _by_inference(
    strategy: Any,
    batches: _Batches,
    logits: Tensor,
    benchmark: Benchmark,
    row: Row,
    last: bool,
) -> Iterator[Row]:
    classes = class_table(benchmark).to(batches.y.device)[: len(logits)]
    answers = logits.masked_fill(~classes[:, None], -torch.inf).argmax(-1)
    inferred = {rule: infer_task(logits, classes, rule) for rule in SCORING_RULES}
    few = benchmark.tasks <= _FEW_TASKS
    if last and few and isinstance(strategy, InfersTaskInOneShot):
        inferred["one-shot"] = batches.apply(strategy.infer_task_in_one_shot, size=_GRADIENT_BATCH)

    def own(tasks: Tensor) -> Tensor:
        return tasks.eq(row["task"] - 1) if benchmark.relative else torch.ones_like(tasks).bool()

    with torch.no_grad():
        for name, router in _routers(strategy).items():
            scores = batches.apply(partial(router.scores, network=strategy.model), dim=1)
            inferred[name] = scores.argmax(0)
            if isinstance(router, ClassRouter):
                tasks, answer = batches.apply(router.answers, dim=1)
                alone = (answer == batches.y) & own(tasks)
                accuracy: Row = {"metric": "accuracy", "regime": TASK_AGNOSTIC}
                yield {**row, **accuracy, "rule": name + ALONE, "value": share(alone)}
    everyone = torch.arange(len(batches.y), device=logits.device)
    for rule, tasks in inferred.items():
        found: Row = {**row, "rule": rule, "regime": TASK_AGNOSTIC}
        right = (answers[tasks, everyone] == batches.y) & own(tasks)
        yield {**found, "metric": "accuracy", "value": share(right)}
        if last:
            for other in range(len(logits)):
                taken = share(tasks == other)
                yield {**found, "metric": "inferred_as", "other": other + 1, "value": taken}


def routing(strategy: Any) -> RoutingPlugin | None:
    """The strategy's task routers, if it has any."""
    found = (plugin for plugin in strategy.plugins if isinstance(plugin, RoutingPlugin))
    return next(found, None)


def _routers(strategy: Any) -> Mapping[str, Router]:
    plugin = routing(strategy)
    return plugin.routers if plugin else {}


def share(flags: Tensor) -> float:
    """Share of the flags (n,) that are set."""
    return flags.double().mean().item()
