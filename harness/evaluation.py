"""Evaluating a strategy on every task, under both regimes, straight from tensors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import torch
from avalanche.models import avalanche_forward
from torch import Tensor

from baselines.interface import InfersTask, InfersTaskInOneShot
from harness.benchmarks import Benchmark
from harness.datasets import TaskData
from harness.schema import CLASSES_SEEN, TASK_AGNOSTIC, TASK_AWARE
from rmn.inference import SCORING_RULES, infer_task

_BATCH: Final = 2500  # examples per forward pass; activations stay within the processor's cache

Row = dict[str, Any]


def evaluate(
    strategy: Any,
    benchmark: Benchmark,
    test: tuple[TaskData, ...],
    after: int,
    device: torch.device,
) -> Iterator[Row]:
    """Rows of accuracy, and of the tasks that were inferred, after learning `after` tasks.

    Task-aware: the strategy's model is given the task label and chooses among the task's classes.
    Task-agnostic: a strategy that answers under each learned task has its task inferred by every
    rule, on the tasks learned so far; any other chooses among the classes seen so far.
    The one-shot rule costs a gradient through every mask and is measured after the last task only.
    """
    strategy.model.eval()
    table = class_table(benchmark).to(device)
    for task, data in enumerate(test):
        batches = _Batches(data, device)
        row: Row = {"after": after, "task": task + 1}
        logits = _task_aware_logits(strategy.model, batches, task)
        yield {**row, **_accuracy(logits, table[task], batches.y, TASK_AWARE)}
        if isinstance(strategy, InfersTask):
            if task < after:
                yield from _by_inference(strategy, batches, table, row, after == len(test))
        elif after:
            agnostic = _accuracy(logits, table[:after].any(0), batches.y, TASK_AGNOSTIC)
            yield {**row, **agnostic, "rule": CLASSES_SEEN}


@torch.no_grad()
def _task_aware_logits(model: torch.nn.Module, batches: _Batches, task: int) -> Tensor:
    labels = torch.full_like(batches.y, task)
    return batches.apply(lambda x, at: avalanche_forward(model, x, labels[at]))


def class_table(benchmark: Benchmark) -> Tensor:
    """Which classes each task has, bool, (tasks, outputs)."""
    table = torch.zeros(benchmark.tasks, benchmark.outputs, dtype=torch.bool)
    for task, classes in enumerate(benchmark.classes):
        table[task, list(classes)] = True
    return table


class _Batches:
    """One task's test data in batches on the device."""

    def __init__(self, data: TaskData, device: torch.device) -> None:
        self.y = data.images.labels.to(device)
        self.inputs = data.inputs().to(device)

    def apply(self, function: Any, dim: int = 0) -> Tensor:
        """Concatenate `function(x, slice)` over the batches along `dim`."""
        slices = [slice(at, at + _BATCH) for at in range(0, len(self.y), _BATCH)]
        return torch.cat([function(self.inputs[at], at) for at in slices], dim)


def _accuracy(logits: Tensor, classes: Tensor, y: Tensor, regime: str) -> Row:
    predicted = logits.masked_fill(~classes, -torch.inf).argmax(-1)
    return {"metric": "accuracy", "regime": regime, "value": _share(predicted == y)}


def _by_inference(
    strategy: InfersTask, batches: _Batches, table: Tensor, row: Row, last: bool
) -> Iterator[Row]:
    with torch.no_grad():
        logits = batches.apply(lambda x, _: strategy.logits_per_task(x), dim=1)
    classes = table[: len(logits)]
    answers = logits.masked_fill(~classes[:, None], -torch.inf).argmax(-1)
    inferred = {rule: infer_task(logits, classes, rule) for rule in SCORING_RULES}
    if last and isinstance(strategy, InfersTaskInOneShot):
        one_shot = strategy.infer_task_in_one_shot
        inferred["one-shot"] = batches.apply(lambda x, _: one_shot(x))
    everyone = torch.arange(len(batches.y), device=logits.device)
    for rule, tasks in inferred.items():
        found: Row = {**row, "rule": rule, "regime": TASK_AGNOSTIC}
        right = answers[tasks, everyone] == batches.y
        yield {**found, "metric": "accuracy", "value": _share(right)}
        if last:
            for other in range(len(logits)):
                share = _share(tasks == other)
                yield {**found, "metric": "inferred_as", "other": other + 1, "value": share}


def _share(flags: Tensor) -> float:
    return flags.double().mean().item()
