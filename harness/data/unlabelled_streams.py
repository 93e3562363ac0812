"""Streams without task labels: batches whose task boundaries only the evaluator knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NoReturn

import numpy as np
import torch
from avalanche.benchmarks import DatasetExperience, EagerCLStream
from avalanche.training.plugins import SupervisedPlugin
from torch import Tensor

from harness.config.benchmarks import Benchmark
from harness.config.budgets import TrainingBudget
from harness.data.datasets import TaskData
from harness.data.loading import TensorClassificationDataset

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

_GRID: Final = 2001  # points of a task's density; its distribution is exact at each


class TaskLabelError(AttributeError):
    """A stream without task labels was asked for one."""


class UnlabelledExperience(DatasetExperience[Any]):
    """A stream, or a segment of one, that gives nothing away about tasks.

    Raises:
        TaskLabelError: when a task label, or the classes of a task, are asked for.
    """

    def _raise(self) -> NoReturn:
        raise TaskLabelError("this stream has no task labels; learn from inputs and classes alone")

    task_label = property(_raise)
    task_labels = property(_raise)
    classes_in_this_experience = property(_raise)
    classes_seen_so_far = property(_raise)
    previous_classes = property(_raise)
    future_classes = property(_raise)


@dataclass(frozen=True)
class UnlabelledStream:
    """A sequence of batches.

    Attributes:
        dataset: every task's training data, one after the other, all under task label 0.
        batches: indices into `dataset`, (examples,) int64 each.
        counts: how many examples of each task each batch has, (batches, tasks). Evaluator only.
        ends: number of batches until each task's nominal end, (tasks,). Evaluator only.
    """

    dataset: TensorClassificationDataset
    batches: tuple[Tensor, ...]
    counts: Tensor
    ends: tuple[int, ...]

    def whole(self) -> Any:
        """The whole stream as one experience."""
        (experience,) = _experiences([self.dataset])
        return experience

    def segment(self, task: int) -> tuple[int, int]:
        """Numbers of the first batch of a task, counted from 1, and of the first after it."""
        edges = (0, *self.ends)
        return edges[task - 1], edges[task]

    def tasks_shown(self, after: int) -> int:
        """Number of tasks of which an example was shown by the nominal end of the first `after`."""
        shown = self.counts[: self.ends[after - 1]] if after else self.counts[:0]
        return int(shown.any(0).sum())

    def segments(self) -> Sequence[Any]:
        """One experience per task, for methods that need task boundaries."""
        parts = [self.batches[start:end] for start, end in pairwise((0, *self.ends))]
        return _experiences([self.dataset.subset(torch.cat(part).tolist()) for part in parts])


def _experiences(datasets: Sequence[TensorClassificationDataset]) -> Sequence[Any]:
    made = [UnlabelledExperience(dataset=dataset) for dataset in datasets]
    return tuple(EagerCLStream("train", made))


def unlabelled_stream(
    benchmark: Benchmark, budget: TrainingBudget, tasks: Sequence[TaskData], seed: int
) -> UnlabelledStream:
    """All tasks' data in sequence, each example `budget.epochs` times.

    Without a transition every batch has examples of one task only. With one, the share of the next
    task grows linearly from batch to batch, as in the fuzzy stream of CN-DPM (Lee et al. 2020);
    theirs has a transition of 1, which lasts as long as a task.

    Args:
        benchmark: its `transition` is the length of a transition over that of a task.
        budget: number of epochs, batch size.
        tasks: training data.
        seed: of the order of examples.
    """
    generator = torch.Generator().manual_seed(1000 * seed)
    datasets = [TensorClassificationDataset.of(task, 0) for task in tasks]
    starts = np.cumsum([0, *map(len, tasks)])
    queues = [
        torch.cat([torch.randperm(len(task), generator=generator) for _ in range(budget.epochs)])
        + int(start)
        for task, start in zip(tasks, starts, strict=False)
    ]
    parts = [blended(queues, benchmark.transition)] if benchmark.transition else queues
    batches = [batch for part in parts for batch in torch.split(part, budget.batch_size)]
    owners = torch.from_numpy(starts[1:])
    counts = torch.stack(
        [
            torch.bincount(torch.bucketize(batch, owners, right=True), minlength=len(tasks))
            for batch in batches
        ]
    )
    shown = torch.cumsum(torch.tensor([len(batch) for batch in batches]), 0)
    boundaries = torch.cumsum(torch.tensor([len(queue) for queue in queues]), 0)
    ends = torch.searchsorted(shown, boundaries) + 1
    dataset = reduce(lambda one, other: one.concat(other), datasets)
    return UnlabelledStream(dataset, tuple(batches), counts, tuple(ends.tolist()))


def blended(queues: Sequence[Tensor], transition: float) -> Tensor:
    """The queues one after the other, each sliding linearly into the next.

    Each example gets a place on a line where its queue's density is a trapezoid, and the densities
    of all queues add up to one; then they are sorted by place.

    Args:
        queues: in the order of their tasks.
        transition: length of a transition over that of the shorter of its two queues, in (0, 1].

    Returns:
        Every element of every queue once; each queue's own order is kept.
    """
    lengths = [len(queue) for queue in queues]
    boundaries = np.cumsum([0, *lengths]).astype(float)
    halves = [transition / 2 * min(pair) for pair in pairwise(lengths)]
    places = []
    for number, length in enumerate(lengths):
        before = halves[number - 1] if number else 0.0
        after = halves[number] if number < len(halves) else 0.0
        start, end = boundaries[number], boundaries[number + 1]
        line = np.linspace(start - before, end + after, _GRID)
        density = np.ones(_GRID)
        if before:
            density = np.minimum(density, (line - start + before) / (2 * before))
        if after:
            density = np.minimum(density, (end + after - line) / (2 * after))
        share = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
        wanted = (np.arange(length) + 0.5) / length
        places.append(np.interp(wanted, share / share[-1], line))
    order = np.argsort(np.concatenate(places), kind="stable")
    return torch.cat(list(queues))[torch.from_numpy(order)]


class StreamLoader(SupervisedPlugin):
    """Gives a strategy the batches of an unlabelled stream, as [inputs, classes].

    Args:
        stream: where the batches come from.
        first: number of the first batch to give, from 0.
    """

    def __init__(self, stream: UnlabelledStream, first: int = 0) -> None:
        super().__init__()
        self.stream = stream
        self.first = first

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Put the batches in place of the strategy's own loader."""
        strategy.dataloader = self._batches()

    def _batches(self) -> Iterator[list[Tensor]]:
        for indices in self.stream.batches[self.first :]:
            x, y, _ = self.stream.dataset.gather(indices)
            yield [x, y]


class TaskBoundaryCallback(SupervisedPlugin):
    """Calls a function whenever a strategy has passed a task's nominal end.

    The strategy must fire `after_training_iteration` for every batch of the stream.

    Args:
        ends: number of batches until each task's end, rising.
        function: called with the number of tasks shown so far, once for each task that has ended.
        first: number of the first batch that it will see, from 0.
    """

    def __init__(
        self, ends: Sequence[int], function: Callable[[int], None], first: int = 0
    ) -> None:
        super().__init__()
        self.ends = tuple(ends)
        self.function = function
        self._batches = first

    def after_training_iteration(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Count the batch."""
        self._batches += 1
        for task, end in enumerate(self.ends, start=1):
            if end == self._batches:
                self.function(task)
