"""Evaluating a strategy that has no task labels: accuracy, and old data told from new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from scipy.stats import mannwhitneyu
from torch import Tensor

from harness.config.benchmarks import Benchmark
from harness.config.scenarios import TASK_IL
from harness.data.datasets import TaskData
from harness.evaluation.accuracy import accuracy_row, class_table, in_batches, share
from harness.evaluation.measurements import Snapshot, register_measurement
from harness.storage.schema import CLASSES_SEEN, Row, RowKeys
from harness.training.divergence import check_logits
from rmn.tasks.inference import SCORING_RULES, task_scores

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

_TOGETHER: Final = (10, 100)
"""Numbers of test examples of one task whose scores are added up in the batch variant."""


@dataclass(frozen=True, slots=True)
class MaskAssignment:
    """Which mask was trained on which task, known to the evaluator alone.

    Attributes:
        task_of: the task that most of a mask's training examples are from, (masks,), int64.
        mask_of: the mask that was trained on most examples of a task, (tasks,), int64.
    """

    task_of: Tensor
    mask_of: Tensor

    @classmethod
    def of(cls, counts: Tensor, switches: Sequence[int]) -> MaskAssignment:
        """The assignment by the examples that were shown while each mask was live.

        Args:
            counts: examples of each task in each batch so far, (batches, tasks), int64.
            switches: number of the batch at which each mask was begun.
        """
        edges = [*switches, len(counts)]
        taught = torch.stack([counts[start:end].sum(0) for start, end in pairwise(edges)])
        return cls(taught.argmax(1), taught.argmax(0))


@register_measurement
def tasks_shown(snapshot: Snapshot) -> Iterator[Row]:
    """How many tasks had begun; where boundaries are fuzzy, one more than had ended."""
    if snapshot.stream.unlabelled is not None:
        shown = float(snapshot.stream.unlabelled.tasks_shown(snapshot.after))
        yield {"metric": "tasks_shown", "after": snapshot.after, "value": shown}


def evaluate_unlabelled(
    strategy: SupervisedTemplate,
    benchmark: Benchmark,
    scenario: str,
    test: tuple[TaskData, ...],
    after: int,
    device: torch.device,
    assignment: MaskAssignment | None,
    shown: int,
) -> Iterator[Row]:
    """Rows after `after` tasks were shown to a learner that is never given a task label.

    Task-il, the identity being given at test alone: the evaluator picks the mask that was trained
    on the task, and the task's classes. In the run's own scenario: one answer among all classes
    seen; the mask is inferred by each rule.
    Old or new: how well the learner's confidence tells test examples of the tasks shown from those
    of tasks of which nothing was shown (paper, Section 5.2: discrimination between old and new
    data).

    Args:
        strategy: the learner.
        benchmark: its tasks.
        scenario: class-il or domain-il.
        test: test data per task.
        after: number of tasks shown; 0 for the untrained network.
        device: where the network is.
        assignment: for learners with masks; None for the others.
        shown: number of tasks of which an example was shown, `after` or, where the next one has
            begun early, more; those are neither old nor new.

    Raises:
        DivergedError: a logit is not finite.
    """
    strategy.model.eval()
    table = class_table(benchmark).to(device)
    seen = table[:after].any(0)
    confidence: dict[str, list[np.ndarray[Any, Any]]] = {rule: [] for rule in SCORING_RULES}
    for task, data in enumerate(test):
        row: RowKeys = {"after": after, "task": task + 1}
        y = data.images.labels.to(device)
        logits = _logits(strategy, assignment, data, device)
        check_logits(logits, task)
        aware = logits[int(assignment.mask_of[task])] if assignment else logits[0]
        yield {**row, **accuracy_row(aware, table[task], y, TASK_IL)}
        if not after:
            continue
        scores = {rule: task_scores(logits, seen[None], rule) for rule in SCORING_RULES}
        for rule, found in scores.items():
            confidence[rule].append(found.amax(0).cpu().numpy())
        if task >= after:
            continue
        if assignment is None:
            agnostic = accuracy_row(logits[0], seen, y, scenario)
            yield {**row, **agnostic, "rule": CLASSES_SEEN}
        else:
            keys: RowKeys = {**row, "scenario": scenario}
            yield from _inferred(logits, scores, y, seen, keys)
            if after == len(test):
                yield from _final(logits, scores, y, seen, keys, assignment)
    if after > 0 and shown < len(test):
        yield from _old_or_new(confidence, after, shown, scenario)


def _logits(
    strategy: SupervisedTemplate,
    assignment: MaskAssignment | None,
    data: TaskData,
    device: torch.device,
) -> Tensor:
    """Logits of a task's test data under every mask, (masks, n, outputs).

    A network without masks counts as one mask.
    """

    def forward(x: Tensor) -> Tensor:
        logits: Tensor = strategy.logits_per_task(x) if assignment else strategy.model(x)[None]
        return logits

    with torch.no_grad():
        return in_batches(forward, data.inputs().to(device), dim=1)


def _inferred(
    logits: Tensor,
    scores: Mapping[str, Tensor],
    y: Tensor,
    seen: Tensor,
    row: RowKeys,
) -> Iterator[Row]:
    """Accuracy when the mask is the one with the best score."""
    everyone = torch.arange(len(y), device=y.device)
    predicted = logits.masked_fill(~seen, -torch.inf).argmax(-1)
    for rule, found in scores.items():
        mask = found.argmax(0)
        right = predicted[mask, everyone] == y
        named: RowKeys = {**row, "rule": rule}
        yield {**named, "metric": "accuracy", "value": share(right)}


def _final(
    logits: Tensor,
    scores: Mapping[str, Tensor],
    y: Tensor,
    seen: Tensor,
    row: RowKeys,
    assignment: MaskAssignment,
) -> Iterator[Row]:
    """The paper's Figure 2: each mask's predictions, and which mask wins, alone and in batches."""
    tasks, task = len(assignment.mask_of), row["task"] - 1
    for other, mask in enumerate(assignment.mask_of.tolist()):
        under = accuracy_row(logits[mask], seen, y, row["scenario"])
        yield {**row, **under, "metric": "accuracy_under", "other": other + 1}
    for rule, found in scores.items():
        named: RowKeys = {**row, "rule": rule}
        inferred = assignment.task_of.to(y.device)[found.argmax(0)]
        for other in range(tasks):
            value = share(inferred == other)
            yield {**named, "metric": "inferred_as", "other": other + 1, "value": value}
        for together in _TOGETHER:
            usable = found.shape[1] // together * together
            if usable:
                added = found[:, :usable].reshape(len(found), -1, together).sum(-1)
                right = assignment.task_of.to(y.device)[added.argmax(0)] == task
                value = share(right)
                yield {**named, "metric": "inferred_together", "other": together, "value": value}


def _old_or_new(
    confidence: Mapping[str, list[np.ndarray[Any, Any]]], after: int, shown: int, scenario: str
) -> Iterator[Row]:
    """Per task shown: its confidence against that of all tasks of which nothing was shown."""
    for rule, scores in confidence.items():
        new = np.concatenate(scores[shown:])
        for task, old in enumerate(scores[:after], start=1):
            row: RowKeys = {"after": after, "task": task, "rule": rule, "scenario": scenario}
            area = mannwhitneyu(old, new).statistic / (len(old) * len(new))
            accepted = np.mean(new >= np.quantile(old, 0.05))
            yield {**row, "metric": "old_new_auroc", "value": float(area)}
            yield {**row, "metric": "old_new_fpr", "value": float(accepted)}
