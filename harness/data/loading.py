"""Feeding any Avalanche strategy from tensors: batches are gathered, never collated per sample.

Avalanche's own loaders fetch one example at a time in Python. `TensorClassificationDataset` gives
a whole batch at once wherever PyTorch's DataLoader requests one (so plugins that make their own
loaders gain too), and `TensorLoading` replaces a strategy's training loader by `BatchLoader`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from avalanche.benchmarks.utils import TaskAwareSupervisedClassificationDataset, TaskLabels
from avalanche.benchmarks.utils.data_attribute import DataAttribute
from avalanche.benchmarks.utils.flat_data import ConstantSequence
from avalanche.training.plugins import SupervisedPlugin
from torch import Tensor
from torch.utils.data import Dataset, default_collate

from harness.data.datasets import TaskData

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate


class _Batch(list[Tensor]):
    """A batch [x, y, task label] that needs no collating."""


def _collate(items: Any) -> list[Tensor]:
    if isinstance(items, _Batch):
        return items
    batch: list[Tensor] = default_collate(items)
    return batch


@dataclass(frozen=True, slots=True)
class _Part:
    """Examples of one task inside a dataset."""

    data: TaskData
    rows: Tensor
    label: int


class _Examples(Dataset[tuple[Tensor, int]]):
    """Single examples, for code that insists on them."""

    def __init__(self, parts: Sequence[_Part]) -> None:
        self.parts = parts
        self.ends = torch.tensor([len(part.rows) for part in parts]).cumsum(0)

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        x, y, _ = self.gather(torch.tensor([index]))
        return x[0], int(y)

    def gather(self, indices: Tensor) -> _Batch:
        if len(self.parts) == 1:
            return self._of(self.parts[0], indices)
        owner = torch.bucketize(indices, self.ends, right=True)
        order = torch.argsort(owner, stable=True)
        found = [
            self._of(self.parts[part], indices[owner == part] - self._start(part))
            for part in torch.unique(owner).tolist()
        ]
        back = torch.argsort(order)
        return _Batch(torch.cat(column)[back] for column in zip(*found, strict=True))

    def _start(self, part: int) -> int:
        return int(self.ends[part - 1]) if part else 0

    @staticmethod
    def _of(part: _Part, indices: Tensor) -> _Batch:
        rows = part.rows[indices]
        labels = part.data.images.labels[rows]
        return _Batch((part.data.inputs(rows), labels, torch.full_like(labels, part.label)))


class TensorClassificationDataset(TaskAwareSupervisedClassificationDataset):
    """An Avalanche dataset with task labels that gathers whole batches from tensors."""

    examples: _Examples

    @classmethod
    def of(cls, data: TaskData, label: int) -> TensorClassificationDataset:
        """One task's examples under one task label."""
        return cls._made([_Part(data, torch.arange(len(data)), label)])

    @classmethod
    def _made(cls, parts: Sequence[_Part]) -> TensorClassificationDataset:
        examples = _Examples(parts)
        targets = torch.cat([part.data.images.labels[part.rows] for part in parts])
        labels: Any = [part.label for part in parts for _ in range(len(part.rows))]
        if len(parts) == 1:
            labels = ConstantSequence(parts[0].label, len(examples))
        attributes = [DataAttribute(targets.tolist(), "targets"), TaskLabels(labels)]
        made: TensorClassificationDataset = cls(
            [examples], data_attributes=attributes, collate_fn=_collate
        )
        made.examples = examples
        return made

    def parts(self) -> list[tuple[TaskData, Tensor, int]]:
        """What it is made of: a task's data, the rows taken of them, (n,), and the task label."""
        return [(part.data, part.rows, part.label) for part in self.examples.parts]

    @classmethod
    def of_parts(cls, parts: Iterable[tuple[TaskData, Tensor, int]]) -> TensorClassificationDataset:
        """The dataset whose `parts` these are."""
        return cls._made([_Part(*part) for part in parts])

    def __getitems__(self, indices: Sequence[int]) -> list[Tensor]:
        """A whole batch [x, y, task label]; PyTorch's DataLoader calls this once a batch."""
        return self.gather(torch.as_tensor(indices))

    def gather(self, indices: Tensor) -> list[Tensor]:
        """The examples at `indices`: [x (n, ...) float32, y (n,) int64, task label (n,) int64]."""
        return self.examples.gather(indices)

    @property
    def nbytes(self) -> int:
        """Bytes of the examples as they are held: pixels and labels."""
        return sum(
            len(part.rows) * (part.data.images.pixels[0].nbytes + part.data.images.labels[0].nbytes)
            for part in self.examples.parts
        )

    def identities(self) -> Tensor:
        """A number for each example, equal where one is there several times, (n,), int64."""
        numbers: dict[int, int] = {}  # of the data of each task
        first = 0
        for part in self.examples.parts:
            if id(part.data) not in numbers:
                numbers[id(part.data)] = first
                first += len(part.data)
        return torch.cat([part.rows + numbers[id(part.data)] for part in self.examples.parts])

    def subset(self, indices: Iterable[int]) -> TensorClassificationDataset:
        """The examples at `indices`, in their order."""
        chosen = torch.as_tensor(list(indices))
        ends, parts = self.examples.ends, self.examples.parts
        owner = torch.bucketize(chosen, ends, right=True)
        runs = torch.unique_consecutive(owner, return_counts=True)
        made, at = [], 0
        for part, count in zip(*(run.tolist() for run in runs), strict=True):
            start = int(ends[part - 1]) if part else 0
            rows = parts[part].rows[chosen[at : at + count] - start]
            made.append(_Part(parts[part].data, rows, parts[part].label))
            at += count
        return self._made(made)

    def concat(self, other: Any) -> Any:
        """Both datasets' examples; stays a tensor dataset if the other is one, or empty."""
        if isinstance(other, TensorClassificationDataset):
            return self._made([*self.examples.parts, *other.examples.parts])
        return TaskAwareSupervisedClassificationDataset([self, other]) if len(other) else self

    def __hash__(self) -> int:
        return id(self)


class BatchLoader:
    """Shuffled batches of a tensor dataset.

    A last batch of a single example is left out: BatchNorm cannot train on it.

    Args:
        dataset: what to iterate over.
        batch_size: examples per batch.
        seed: of the order of examples, which is the same for every method of a comparison.
        by_task: whether each batch is of one task, the tasks' batches in random order, and not
            drawn from all examples: a BatchNorm per task needs more than one example of its own.
    """

    def __init__(
        self,
        dataset: TensorClassificationDataset,
        batch_size: int,
        seed: int,
        *,
        by_task: bool = False,
    ) -> None:
        self.dataset = dataset
        self.batch_size = batch_size
        self.generator = torch.Generator().manual_seed(seed)
        parts = dataset.parts() if by_task else []
        self.sizes = [len(rows) for _, rows, _ in parts] or [len(dataset)]

    def __len__(self) -> int:
        whole_and_rest = [divmod(size, self.batch_size) for size in self.sizes]
        return sum(whole + (rest > 1) for whole, rest in whole_and_rest)

    def __iter__(self) -> Iterator[list[Tensor]]:
        batches: list[Tensor] = []
        start = 0
        for size in self.sizes:
            order = start + torch.randperm(size, generator=self.generator)
            batches += [part for part in torch.split(order, self.batch_size) if len(part) > 1]
            start += size
        if len(self.sizes) > 1:
            turns = torch.randperm(len(batches), generator=self.generator).tolist()
            batches = [batches[turn] for turn in turns]
        for indices in batches:
            yield self.dataset.gather(indices)


class TensorLoading(SupervisedPlugin):
    """Replaces a strategy's training loader by `BatchLoader` where its data are tensors.

    Put it first: plugins that make a loader of their own, such as replay, then still have theirs.

    Args:
        seed: of the run; each experience shuffles with a seed derived from it.
        by_task: see `BatchLoader`.
    """

    def __init__(self, seed: int, *, by_task: bool = False) -> None:
        super().__init__()
        self.seed = seed
        self.by_task = by_task

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Put the fast loader in place."""
        dataset = strategy.adapted_dataset
        if isinstance(dataset, TensorClassificationDataset):
            seed = 1000 * self.seed + strategy.clock.train_exp_counter
            strategy.dataloader = BatchLoader(
                dataset, strategy.train_mb_size, seed, by_task=self.by_task
            )
