"""Evaluating a strategy on the tasks of a stream with task labels, in one scenario."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import torch
from avalanche.models import avalanche_forward
from torch import Tensor

from baselines.interface import (
    HasFingerprints,
    InfersTask,
    InfersTaskByHalving,
    InfersTaskInOneShot,
)
from harness.config.benchmarks import Benchmark
from harness.config.scenarios import CLASS_IL, TASK_IL
from harness.data.datasets import TaskData
from harness.evaluation.accuracy import (
    EVALUATION_BATCH,
    accuracy_row,
    class_table,
    in_batches,
    share,
)
from harness.evaluation.logit_cache import LogitCache
from harness.evaluation.routers import routers_of
from harness.storage.schema import ALONE, CLASSES_SEEN, Row, RowKeys
from harness.training.divergence import check_logits
from harness.training.networks import networks
from harness.training.precision import mixed_precision
from rmn.tasks.inference import SCORING_RULES, infer_task
from rmn.tasks.routing import ClassRouter

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

_GRADIENT_BATCH: Final = 100  # SupSup's rules keep the activations that a gradient needs
_FEW_TASKS: Final = 10


def evaluate_labelled(
    strategy: SupervisedTemplate,
    benchmark: Benchmark,
    scenario: str,
    test: tuple[TaskData, ...],
    after: int,
    device: torch.device,
    *,
    matrix: Literal["seen", "whole", "diagonal"] = "seen",
    precision: str = "float32",
    cache: LogitCache | None = None,
) -> Iterator[Row]:
    """Rows of accuracy, and of the tasks that were inferred, after learning `after` tasks.

    In task-il the strategy's model is given the task label, and chooses among the task's outputs.
    In class-il and domain-il it is given none: a strategy that has logits under each learned task
    has its task inferred by every rule, among the tasks learned so far (while there are none, the
    untrained network answers under each); any other chooses among the classes seen so far. SupSup's
    rules cost gradients through every mask and are measured after the last task only, in streams of
    at most ten tasks. A task router is a rule as well; one that classifies is also measured alone.

    Args:
        strategy: what was trained.
        benchmark: its tasks.
        scenario: what is asked of it.
        test: test data per task.
        after: number of tasks learned; 0 for the untrained network.
        device: where the network is.
        matrix: which tasks are tested: those seen; the whole stream, also before any is learned (in
            class-il there is no right answer for tasks to come, and those seen are tested); or the
            one just learned, without task inference, and all in the end.
        precision: of task inference in streams of more than ten tasks; everything else is measured
            in float32.
        cache: logits of earlier evaluations of the same run, used again where the strategy's
            fingerprints say that they still hold; None to begin with none.

    Raises:
        DivergedError: a logit is not finite.
    """
    strategy.model.eval()
    functions = _Functions(strategy, after, LogitCache() if cache is None else cache)
    classes = class_table(benchmark).to(device)
    last = after == len(test)
    if scenario == CLASS_IL and matrix == "whole":
        matrix = "seen"
    for task in tested(matrix, after, len(test)):
        batches = _Batches(test[task], device, benchmark.network)
        infers = isinstance(strategy, InfersTask)
        if scenario == TASK_IL or not infers or not after:
            allowed = classes[task] if scenario == TASK_IL else classes[: max(after, 1)].any(0)
            logits = functions.given_the_task(batches, task)
            check_logits(logits, task)
            row = accuracy_row(logits, allowed, batches.y, scenario)
            rules = SCORING_RULES if infers else (CLASSES_SEEN,)
            for rule in ("",) if scenario == TASK_IL else rules:
                yield _at(after, task, {**row, "rule": rule})
        elif last or matrix != "diagonal":
            few = benchmark.tasks <= _FEW_TASKS
            with mixed_precision(device, "float32" if few else precision):
                logits = functions.all(batches, task)
            check_logits(logits, task)
            for row in _by_inference(strategy, batches, logits, benchmark, scenario, last):
                yield _at(after, task, row)


def tested(matrix: str, after: int, tasks: int) -> range:
    """The tasks, from 0, that are tested after learning some.

    Args:
        matrix: see `evaluate_labelled`.
        after: number of tasks learned.
        tasks: in the stream.
    """
    if matrix == "whole" or after == tasks:
        return range(tasks)
    return range(after) if matrix == "seen" else range(max(after - 1, 0), after)


def _at(after: int, task: int, row: Row) -> Row:
    return {**row, "after": after, "task": task + 1}


class _Functions:
    """What a strategy has learned of each task, applied to the test data of tasks."""

    def __init__(self, strategy: SupervisedTemplate, learned: int, cache: LogitCache) -> None:
        self.strategy = strategy
        self.cache = cache
        self.fingerprints: list[bytes] = []
        if isinstance(strategy, HasFingerprints):
            self.fingerprints = [strategy.fingerprint(task) for task in range(learned)]

    @torch.no_grad()
    def given_the_task(self, batches: _Batches, task: int) -> Tensor:
        """Logits of the data of `task`, whose label the model is given, (n, outputs)."""

        def forward(x: Tensor) -> Tensor:
            labels = batches.y.new_full((len(x),), task)
            logits: Tensor = avalanche_forward(self.strategy.model, x, labels)
            return logits

        learned = task < len(self.fingerprints)
        fingerprint = self.fingerprints[task] if learned else None
        return self.cache.get(("given", task), fingerprint, lambda: batches.apply(forward))

    @torch.no_grad()
    def all(self, batches: _Batches, task: int) -> Tensor:
        """Logits of the data of `task` under every learned task, (tasks, n, outputs)."""
        if not self.fingerprints:
            return batches.apply(self.strategy.logits_per_task, dim=1).float()

        def of(function: int) -> Tensor:
            return batches.apply(partial(self.strategy.logits_of_task, task=function)).float()

        functions = enumerate(self.fingerprints)
        logits = [self.cache.get((n, task), mark, partial(of, n)) for n, mark in functions]
        return torch.stack(logits)


class _Batches:
    """One task's test data in batches on the device."""

    def __init__(self, data: TaskData, device: torch.device, network: str) -> None:
        self.y = data.images.labels.to(device)
        self.inputs = data.inputs().to(device)
        cached = networks()[network].evaluation_batch if device.type == "cpu" else None
        self.size = cached or EVALUATION_BATCH

    def apply(
        self, function: Callable[[Tensor], Tensor], dim: int = 0, size: int | None = None
    ) -> Tensor:
        """`in_batches` over the inputs."""
        return in_batches(function, self.inputs, dim, size or self.size)


def _by_inference(
    strategy: SupervisedTemplate,
    batches: _Batches,
    logits: Tensor,
    benchmark: Benchmark,
    scenario: str,
    last: bool,
) -> Iterator[Row]:
    """Rows under every rule of task inference.

    Args:
        strategy: what was trained.
        batches: test data of the task.
        logits: of these under each learned task, (tasks, n, outputs).
        benchmark: the tasks.
        scenario: class-il or domain-il.
        last: whether the whole stream was learned.
    """
    classes = class_table(benchmark).to(batches.y.device)[: len(logits)]
    predicted = logits.masked_fill(~classes[:, None], -torch.inf).argmax(-1)
    inferred = {rule: infer_task(logits, classes, rule) for rule in SCORING_RULES}
    few = benchmark.tasks <= _FEW_TASKS
    if last and few and isinstance(strategy, InfersTaskInOneShot):
        inferred["one-shot"] = batches.apply(strategy.infer_task_in_one_shot, size=_GRADIENT_BATCH)
    if last and few and isinstance(strategy, InfersTaskByHalving):
        inferred["binary"] = batches.apply(strategy.infer_task_by_halving, size=_GRADIENT_BATCH)
    named: RowKeys = {"scenario": scenario}
    with torch.no_grad():
        for name, router in routers_of(strategy).items():
            if isinstance(router, ClassRouter):
                inferred[name], classified = batches.apply(router.predict, dim=1)
                right = share(classified == batches.y)
                yield {**named, "metric": "accuracy", "rule": name + ALONE, "value": right}
            else:
                scores = batches.apply(partial(router.scores, network=strategy.model), dim=1)
                inferred[name] = scores.argmax(0)
    everyone = torch.arange(len(batches.y), device=logits.device)
    for rule, tasks in inferred.items():
        right = share(predicted[tasks, everyone] == batches.y)
        yield {**named, "metric": "accuracy", "rule": rule, "value": right}
        if last:
            for other in range(len(logits)):
                taken = share(tasks == other)
                keys: RowKeys = {**named, "rule": rule, "other": other + 1}
                yield {**keys, "metric": "inferred_as", "value": taken}
