"""What a learner without task labels has understood: accuracy, and old told from new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import torch
from scipy.stats import mannwhitneyu
from torch import Tensor

from harness.config.benchmarks import Benchmark
from harness.data.datasets import TaskData
from harness.evaluation.supervised import Row, accuracy_row, class_table, in_batches, share
from harness.storage.schema import CLASSES_SEEN, TASK_AGNOSTIC, TASK_AWARE
from rmn.inference import SCORING_RULES, task_scores

_TOGETHER: Final = (10, 100)
"""Numbers of test examples of one task whose scores are added up in the batch variant."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """Which task taught which mask, known to the evaluator alone.

    Attributes:
        task_of: the task that gave a mask the most examples, (masks,).
        mask_of: the mask that saw the most examples of a task, (tasks,).
    """

    task_of: Tensor
    mask_of: Tensor

    @classmethod
    def of(cls, counts: Tensor, switches: Sequence[int]) -> Ownership:
        """From the examples of each task in each batch so far and the batches of the switches."""
        edges = [*switches, len(counts)]
        taught = torch.stack([counts[start:end].sum(0) for start, end in pairwise(edges)])
        return cls(taught.argmax(1), taught.argmax(0))


def evaluate_unlabelled(
    strategy: Any,
    benchmark: Benchmark,
    test: tuple[TaskData, ...],
    after: int,
    device: torch.device,
    ownership: Ownership | None,
) -> Iterator[Row]:
    """Rows after `after` tasks were shown to a learner that is never given a task label.

    Task-aware: the evaluator picks the mask that the task taught, and the task's classes.
    Task-agnostic: one answer among all classes seen; the mask is inferred by each rule.
    Old or new: how well the learner's confidence tells test examples of the tasks shown from those
    of tasks still to come (paper, Section 5.2: discrimination between old and new data).

    Args:
        strategy: the learner.
        benchmark: its tasks.
        test: test data per task.
        after: number of tasks shown; 0 for the untrained network.
        device: where the network is.
        ownership: for learners with masks; None for the others.
    """
    strategy.model.eval()
    table = class_table(benchmark).to(device)
    seen = table[:after].any(0)
    confidence: dict[str, list[np.ndarray[Any, Any]]] = {rule: [] for rule in SCORING_RULES}
    for task, data in enumerate(test):
        row: Row = {"after": after, "task": task + 1}
        y = data.images.labels.to(device)
        logits = _answers(strategy, ownership, data, device)
        aware = logits[int(ownership.mask_of[task])] if ownership else logits[0]
        yield {**row, **accuracy_row(aware, table[task], y, TASK_AWARE)}
        if not after:
            continue
        scores = {rule: task_scores(logits, seen[None], rule) for rule in SCORING_RULES}
        for rule, found in scores.items():
            confidence[rule].append(found.amax(0).cpu().numpy())
        if task >= after:
            continue
        if ownership is None and benchmark.relative:
            continue
        if ownership is None:
            agnostic = accuracy_row(logits[0], seen, y, TASK_AGNOSTIC)
            yield {**row, **agnostic, "rule": CLASSES_SEEN}
        else:
            own = ownership if benchmark.relative else None
            yield from _inferred(logits, scores, y, seen, row, own)
            if after == len(test):
                yield from _final(logits, scores, y, seen, row, ownership)
    if 0 < after < len(test):
        yield from _old_or_new(confidence, after)


def _answers(
    strategy: Any, ownership: Ownership | None, data: TaskData, device: torch.device
) -> Tensor:
    """Logits under every mask, (masks, n, outputs); one mask for a network without any."""

    def answer(x: Tensor) -> Tensor:
        logits: Tensor = strategy.logits_per_task(x) if ownership else strategy.model(x)[None]
        return logits

    with torch.no_grad():
        return in_batches(answer, data.inputs().to(device), dim=1)


def _inferred(
    logits: Tensor,
    scores: Mapping[str, Tensor],
    y: Tensor,
    seen: Tensor,
    row: Row,
    own: Ownership | None,
) -> Iterator[Row]:
    """Accuracy when the mask is the one with the best score.

    Where outputs mean another class in each task, `own` says which masks can be right at all.
    """
    everyone = torch.arange(len(y), device=y.device)
    answers = logits.masked_fill(~seen, -torch.inf).argmax(-1)
    for rule, found in scores.items():
        mask = found.argmax(0)
        right = answers[mask, everyone] == y
        if own is not None:
            right &= own.task_of.to(y.device)[mask] == row["task"] - 1
        accuracy: Row = {"metric": "accuracy", "regime": TASK_AGNOSTIC, "value": share(right)}
        yield {**row, **accuracy, "rule": rule}


def _final(
    logits: Tensor,
    scores: Mapping[str, Tensor],
    y: Tensor,
    seen: Tensor,
    row: Row,
    ownership: Ownership,
) -> Iterator[Row]:
    """The paper's Figure 2: each mask's own answers, and which mask wins, alone and in batches."""
    tasks, task = len(ownership.mask_of), row["task"] - 1
    for other, mask in enumerate(ownership.mask_of.tolist()):
        under = accuracy_row(logits[mask], seen, y, TASK_AGNOSTIC)
        yield {**row, **under, "metric": "accuracy_under", "other": other + 1}
    for rule, found in scores.items():
        named: Row = {**row, "rule": rule, "regime": TASK_AGNOSTIC}
        inferred = ownership.task_of.to(y.device)[found.argmax(0)]
        for other in range(tasks):
            value = share(inferred == other)
            yield {**named, "metric": "inferred_as", "other": other + 1, "value": value}
        for together in _TOGETHER:
            usable = found.shape[1] // together * together
            if usable:
                added = found[:, :usable].reshape(len(found), -1, together).sum(-1)
                right = ownership.task_of.to(y.device)[added.argmax(0)] == task
                value = share(right)
                yield {**named, "metric": "inferred_together", "other": together, "value": value}


def _old_or_new(confidence: Mapping[str, list[np.ndarray[Any, Any]]], after: int) -> Iterator[Row]:
    """Per task shown: its confidence against that of all tasks still to come."""
    for rule, scores in confidence.items():
        new = np.concatenate(scores[after:])
        for task, old in enumerate(scores[:after], start=1):
            row: Row = {"after": after, "task": task, "rule": rule, "regime": TASK_AGNOSTIC}
            area = mannwhitneyu(old, new).statistic / (len(old) * len(new))
            accepted = np.mean(new >= np.quantile(old, 0.05))
            yield {**row, "metric": "old_new_auroc", "value": float(area)}
            yield {**row, "metric": "old_new_fpr", "value": float(accepted)}
