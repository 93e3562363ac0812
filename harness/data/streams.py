"""The benchmarks' streams of tasks, as tensors and as Avalanche experiences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import Any

import torch
from avalanche.benchmarks import benchmark_from_datasets, with_classes_timeline, with_task_labels
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2.functional import rotate

from harness.config.benchmarks import Benchmark, DataFunction
from harness.config.budgets import TrainingBudget
from harness.data.datasets import DataUnavailableError, Images, TaskData, load
from harness.data.loading import TensorClassificationDataset
from harness.data.unlabelled_streams import UnlabelledStream, unlabelled_stream


@dataclass(frozen=True)
class Stream:
    """A benchmark's tasks.

    Attributes:
        benchmark: in the order and with the number of tasks that the budget asks for.
        train: training data per task.
        test: test data per task.
        experiences: the same training data as Avalanche experiences with task labels 0, 1, ...;
            none where the benchmark has no labels.
        held_out: training data per task that are not trained on, where the budget asks for them.
        unlabelled: the sequence of batches of a benchmark without labels.
    """

    benchmark: Benchmark
    train: tuple[TaskData, ...]
    test: tuple[TaskData, ...]
    experiences: Sequence[Any]
    held_out: tuple[TaskData, ...] = ()
    unlabelled: UnlabelledStream | None = None


def make_stream(
    benchmark: Benchmark, budget: TrainingBudget, seed: int, data: Path | None = None
) -> Stream:
    """The stream of a benchmark for one seed.

    Args:
        benchmark: which tasks.
        budget: how many examples of each at most.
        seed: of the permutations and of the order of an unlabelled stream.
        data: folder of the data sets; None for the packaged ones.

    Raises:
        DataUnavailableError: the data are missing, damaged, or not what the benchmark says.
    """
    benchmark = benchmark.under(budget, seed)
    train, test = _splits(benchmark, data)
    split = _TASKS[benchmark.tasks_by]
    train_tasks = tuple(split(train, benchmark, seed, budget.train_examples))
    test_tasks = tuple(split(test, benchmark, seed, budget.test_examples))
    if benchmark.data is not None:
        _check_classes(benchmark, train_tasks, "training")
        _check_classes(benchmark, test_tasks, "test")
    held_out: tuple[TaskData, ...] = ()
    if budget.validation or budget.patience is not None:
        train_tasks, held_out = zip(*map(_held_out, train_tasks), strict=True)
    if budget.validation:
        test_tasks = held_out
    _check_sizes(benchmark, train_tasks)
    if benchmark.labelled:
        return Stream(benchmark, train_tasks, test_tasks, experiences(train_tasks), held_out)
    stream = unlabelled_stream(benchmark, budget, train_tasks, seed)
    return Stream(benchmark, train_tasks, test_tasks, (), held_out, stream)


@lru_cache(maxsize=2)
def _provided(read: DataFunction, data: Path | None) -> tuple[Images, Images]:
    """What a plugin reads, once a process.

    Raises:
        DataUnavailableError: its function returns something else than two splits.
    """
    splits: object = read(data)
    match splits:
        case (Images() as train, Images() as test):
            return train, test
    raise DataUnavailableError(
        f"{getattr(read, '__name__', read)} returns {_kind(splits)}; let it return what "
        "harness.data.conversion makes, such as from_tensors((x, y), (test_x, test_y))"
    )


def _kind(thing: object) -> str:
    """What something is, and what is in it, in words."""
    kind = type(thing).__name__
    if isinstance(thing, tuple | list):
        return f"a {kind} of {', '.join(type(one).__name__ for one in thing) or 'nothing'}"
    return "None" if thing is None else f"one {kind}"


def _splits(benchmark: Benchmark, data: Path | None) -> tuple[Images, Images]:
    return _provided(benchmark.data, data) if benchmark.data else load(benchmark.dataset, data)


def _check_classes(benchmark: Benchmark, tasks: Sequence[TaskData], split: str) -> None:
    """Whether the tasks of a plugin's benchmark have the classes that it was registered with.

    Raises:
        DataUnavailableError: a task has others, or no example at all.
    """
    for number, (task, outputs) in enumerate(zip(tasks, benchmark.task_outputs, strict=True), 1):
        found = set(task.images.labels.tolist())
        if not found or not found <= set(outputs):
            raise DataUnavailableError(
                f"task {number} of {benchmark.name} has {split} examples of the classes "
                f"{sorted(found)}, and is registered with {sorted(outputs)}; mend classes=... of "
                "its register_benchmark, or what its function returns"
            )


def _check_sizes(benchmark: Benchmark, tasks: Sequence[TaskData]) -> None:
    """Whether each task has what a training step takes: a batch of one example is left out.

    Raises:
        DataUnavailableError: a task has fewer than two training examples.
    """
    for number, task in enumerate(tasks, 1):
        if len(task) < 2:
            raise DataUnavailableError(
                f"task {number} of {benchmark.name} has {len(task)} training examples, and a step "
                "takes at least two (a tenth is held out where training.validation or "
                "training.patience is set); give it more"
            )


def experiences(tasks: Sequence[TaskData]) -> Sequence[Any]:
    """Training experiences with task labels 0, 1, ..."""
    datasets = [TensorClassificationDataset.of(data, label) for label, data in enumerate(tasks)]
    scenario = with_classes_timeline(with_task_labels(benchmark_from_datasets(train=datasets)))
    return tuple(scenario.train_stream)


def _by_classes(
    images: Images, benchmark: Benchmark, seed: int, limit: int | None
) -> Iterator[TaskData]:
    for classes in benchmark.classes:
        chosen = torch.isin(images.labels, torch.tensor(classes)).nonzero().squeeze(1)[:limit]
        yield TaskData(_numbered(images[chosen], benchmark, classes))


def _by_experiences(
    images: Images, benchmark: Benchmark, seed: int, limit: int | None
) -> Iterator[TaskData]:
    for group, classes in zip(benchmark.groups, benchmark.classes, strict=True):
        task = images[(images.groups == group).nonzero().squeeze(1)[:limit]]
        yield TaskData(_numbered(task, benchmark, classes))


def _numbered(task: Images, benchmark: Benchmark, classes: tuple[int, ...]) -> Images:
    """A task's examples with its classes numbered from 0 where the benchmark has them so."""
    if not benchmark.relative:
        return task
    order = torch.tensor(classes)
    return replace(task, labels=(task.labels[:, None] == order).int().argmax(1))


def _by_groups(
    images: Images, benchmark: Benchmark, seed: int, limit: int | None
) -> Iterator[TaskData]:
    for group, classes in zip(benchmark.groups, benchmark.classes, strict=True):
        task = images[(images.groups == group).nonzero().squeeze(1)[:limit]]
        if not benchmark.relative:  # the data set numbers them within each group
            task = replace(task, labels=task.labels + min(classes))
        yield TaskData(task)


def _permuted(
    images: Images, benchmark: Benchmark, seed: int, limit: int | None
) -> Iterator[TaskData]:
    generator = torch.Generator().manual_seed(seed)
    shared = images[:limit]
    numbers = benchmark.pixel_orders or range(benchmark.tasks)
    pixels = shared.pixels[0].numel()
    orders = [torch.randperm(pixels, generator=generator) for _ in range(1 + max(numbers))]
    rotated = {0: shared}
    for number, angle in zip(numbers, benchmark.rotations or repeat(0), strict=False):
        if angle not in rotated:
            rotated[angle] = _rotated(shared, angle)
        yield TaskData(rotated[angle], orders[number])


def _rotated(images: Images, angle: int) -> Images:
    """The images, rotated counter-clockwise by so many degrees, with black corners."""
    turned = rotate(images.pixels, angle, interpolation=InterpolationMode.BILINEAR)
    return replace(images, pixels=turned)


def _held_out(task: TaskData) -> tuple[TaskData, TaskData]:
    """The first nine tenths of a task's examples, and the last tenth."""
    rest = len(task) * 9 // 10
    first, last = task.images[:rest], task.images[rest:]
    return TaskData(first, task.permutation), TaskData(last, task.permutation)


_TASKS: dict[str, Callable[[Images, Benchmark, int, int | None], Iterator[TaskData]]] = {
    "classes": _by_classes,
    "groups": _by_groups,
    "permutations": _permuted,
    "experiences": _by_experiences,
}
