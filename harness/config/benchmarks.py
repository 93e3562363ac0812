"""The benchmarks: tasks, network and heads. Names and numbers only, no torch."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Literal

from harness.config.budgets import DIGITS, DRAWINGS, PHOTOS, Training


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A stream of tasks.

    Attributes:
        name: as typed on the command line.
        title: as printed.
        summary: one sentence for reports: data, split, tasks.
        dataset: key of the data set that it is made from.
        network: key of the backbone.
        outputs: width of the network's output.
        tasks_by: each task has some of the classes, or one group of the images (an alphabet), or
            all classes in a pixel order of its own.
        classes: the labels of each task, in the order of the stream.
        groups: the group of each task where tasks are groups.
        relative: whether outputs count from 0 within each task, so that all tasks share them; they
            are labels of the data set otherwise.
        training: the budget of each profile, by the profile's name.
        head: whether all tasks share one output layer or have one each.
        labelled: whether the task of every example is told, in training and (task-aware) at test.
        blur: length of the transition from task to task over that of a task; 0 for sharp borders.
        supervised: the same tasks with labels, which a stream without them is held against.
        tuned_on: the benchmark whose tuned settings methods take that have none for this one.
        prescribed: settings of methods that the `paper` profile takes from the paper, by method.
        on_demand: methods that are compared only when --methods names them.
        version: raise it when the same name begins to mean other tasks or another network.
    """

    name: str
    title: str
    summary: str
    dataset: str
    network: str
    outputs: int
    tasks_by: Literal["classes", "groups", "permutations"]
    classes: tuple[tuple[int, ...], ...]
    training: dict[str, Training]
    groups: tuple[int, ...] = ()
    relative: bool = False
    head: Literal["shared", "per-task"] = "shared"
    labelled: bool = True
    blur: float = 0.0
    supervised: str = ""
    tuned_on: str = ""
    prescribed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    on_demand: frozenset[str] = frozenset()
    version: int = 1

    @property
    def tasks(self) -> int:
        """Number of tasks in the stream."""
        return len(self.classes)

    @property
    def answers(self) -> tuple[tuple[int, ...], ...]:
        """The outputs that each task can have."""
        if not self.relative:
            return self.classes
        return tuple(tuple(range(len(classes))) for classes in self.classes)

    def under(self, training: Training) -> Benchmark:
        """The same benchmark with the order and the number of tasks of a budget.

        Raises:
            ValueError: it has no such order, or fewer tasks.
        """
        return self.ordered(training.class_order).first(training.tasks)

    def first(self, tasks: int | None) -> Benchmark:
        """The same benchmark cut to its first tasks; the network's output keeps its width.

        Raises:
            ValueError: it has fewer.
        """
        if tasks is not None and tasks > self.tasks:
            raise ValueError(f"{self.name} has {self.tasks} tasks; training.tasks is {tasks}")
        return replace(self, classes=self.classes[:tasks], groups=self.groups[:tasks])

    def ordered(self, seed: int | None) -> Benchmark:
        """The same benchmark with its classes, or groups, in a random order; None for theirs.

        Raises:
            ValueError: every task has all classes, so that there is nothing to order.
        """
        if seed is None:
            return self
        shuffle = random.Random(seed).sample
        if self.tasks_by == "groups":
            order = shuffle(range(self.tasks), self.tasks)
            classes = tuple(self.classes[group] for group in order)
            return replace(self, classes=classes, groups=tuple(order))
        if self.tasks_by == "permutations":
            raise ValueError(f"each task of {self.name} has all classes; leave out class_order")
        labels = [label for classes in self.classes for label in classes]
        drawn = iter(shuffle(labels, len(labels)))
        return replace(self, classes=tuple(tuple(islice(drawn, len(c))) for c in self.classes))


_BEYOND = frozenset({"replay", "generative_replay", "rmn_plus", "hat_plus", "single_plus"})
"""Not in the paper's comparison, where one replays nothing and names tasks by the network alone."""
_PAIRS = ((0, 1), (2, 3), (4, 5), (6, 7), (8, 9))
_ALPHABETS = (
    20, 29, 26, 41, 40, 24, 46, 14, 26, 34, 33, 22, 26, 43, 24, 48, 22, 16, 52, 47, 40, 26, 40, 41,
    33, 14, 42, 23, 17, 55, 20, 26, 26, 26, 26, 26, 45, 45, 41, 26, 47, 40, 30, 45, 46, 28, 23, 25,
    42, 26,
)  # fmt: skip
_SLOW = frozenset({"replay", "generative_replay", "ewc", "si", "mas"})


def _runs(tasks: int, classes: int) -> tuple[tuple[int, ...], ...]:
    """Consecutive labels, so many for each task."""
    return tuple(tuple(range(t * classes, (t + 1) * classes)) for t in range(tasks))


def _rmn(**settings: float) -> dict[str, dict[str, Any]]:
    """RMN's settings in the paper: its Section 5.1, and Section 3.2 of its supplement."""
    return {"rmn": {"initialisation": "skewed_normal", **settings}}


BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark(
            name="split_mnist",
            title="Split-MNIST",
            summary="MNIST in five tasks of two digits each (0/1, 2/3, 4/5, 6/7, 8/9), official "
            "split, pixels in [0, 1].",
            dataset="mnist",
            network="mlp",
            outputs=10,
            tasks_by="classes",
            classes=_PAIRS,
            training=DIGITS,
            on_demand=_BEYOND,
        ),
        Benchmark(
            name="permuted_mnist",
            title="Permuted-MNIST",
            summary="MNIST ten times, each task with its own random permutation of the 784 pixels "
            "drawn from the seed; official split, pixels in [0, 1].",
            dataset="mnist",
            network="mlp",
            outputs=10,
            tasks_by="permutations",
            classes=(tuple(range(10)),) * 10,
            training=DIGITS,
            on_demand=_BEYOND,
        ),
        Benchmark(
            name="split_fashion_mnist",
            title="Split-Fashion-MNIST",
            summary="Fashion-MNIST in five tasks of two kinds of clothes each, in the order of "
            "their labels, official split, pixels in [0, 1].",
            dataset="fashion_mnist",
            network="mlp",
            outputs=10,
            tasks_by="classes",
            classes=_PAIRS,
            training=DIGITS,
            on_demand=_BEYOND,
        ),
        Benchmark(
            name="split_cifar100",
            title="Split-CIFAR-100 (10 tasks)",
            summary="CIFAR-100 in ten tasks of ten classes each, in the order of their labels, "
            "official split, inputs standardised per channel. All tasks share ten outputs.",
            dataset="cifar100",
            network="cifar_cnn",
            outputs=10,
            tasks_by="classes",
            classes=_runs(10, 10),
            relative=True,
            training=PHOTOS,
            prescribed=_rmn(mapping_lr=0.01, prune_below=0.05),
            on_demand=_BEYOND,
        ),
        Benchmark(
            name="split_cifar100_20",
            title="Split-CIFAR-100 (20 tasks), ResNet-18",
            summary="CIFAR-100 in twenty tasks of five classes each, in the order of their labels, "
            "official split, inputs standardised per channel. All tasks share five outputs.",
            dataset="cifar100",
            network="resnet18",
            outputs=5,
            tasks_by="classes",
            classes=_runs(20, 5),
            relative=True,
            training=PHOTOS,
            tuned_on="split_cifar100",
            prescribed=_rmn(mapping_lr=0.01, prune_below=0.01),
            on_demand=_BEYOND,
        ),
        Benchmark(
            name="split_omniglot",
            title="Sequential Omniglot",
            summary="The 50 alphabets of Omniglot as 50 tasks of 14 to 55 characters, 16 of 20 "
            "drawers for training, 28 x 28 pixels in [0, 1]. All tasks share 60 outputs.",
            dataset="omniglot",
            network="omniglot_cnn",
            outputs=60,
            tasks_by="groups",
            classes=tuple(tuple(range(size)) for size in _ALPHABETS),
            groups=tuple(range(50)),
            relative=True,
            training=DRAWINGS,
            prescribed=_rmn(mapping_lr=0.0001),
            on_demand=_BEYOND,
        ),
    )
}


def _without_labels(
    of: str, *, blur: float = 0.0, on_demand: frozenset[str] = frozenset()
) -> Benchmark:
    """The tasks of a benchmark as one sequence of batches."""
    told = BENCHMARKS[of]
    transitions = (
        "in which the share of the next task grows linearly from batch to batch, transitions as "
        "long as tasks (Lee et al. 2020). "
        if blur
        else ""
    )
    # no decay: a learner that does not know where tasks end cannot know where it should stop
    training = {
        name: replace(budget, decay=False, patience=None, first_epochs=None)
        for name, budget in told.training.items()
    }
    return replace(
        told,
        name=f"{of}_fuzzy" if blur else f"{of}_unsupervised",
        title=f"Fuzzy {told.title}" if blur else f"{told.title} without task labels",
        summary=f"The tasks of {told.title} as one sequence of batches {transitions}".strip(" .")
        + ". No task label and no border is told, in training or at test.",
        training=training,
        labelled=False,
        blur=blur,
        supervised=of,
        tuned_on=of,
        on_demand=on_demand,
    )


def _with_heads(of: str) -> Benchmark:
    """A benchmark whose tasks have an output layer each, as the paper's multi-head baselines do."""
    shared = BENCHMARKS[of]
    summary = shared.summary.replace(
        " All tasks share ", " Each task has an output layer of its own, of "
    )
    return replace(
        shared,
        name=f"{of}_heads",
        title=f"{shared.title}, one head per task",
        summary=summary,
        head="per-task",
        tuned_on=f"{shared.tuned_on}_heads" if shared.tuned_on else shared.name,
    )


def _with_small_stem(of: str) -> Benchmark:
    """A benchmark on ResNet-18 with a stem for small images; the original quarters their sides."""
    original = BENCHMARKS[of]
    return replace(
        original,
        name=f"{of}_small_stem",
        title=f"{original.title} with the small stem",
        summary=f"{original.summary} The first layer is 3 x 3, without stride or pooling: sixteen "
        "times the work.",
        network="resnet18_small_stem",
    )


BENCHMARKS |= {
    benchmark.name: benchmark
    for benchmark in (
        _without_labels("split_mnist"),
        _without_labels("split_mnist", blur=1.0),
        _without_labels("permuted_mnist", on_demand=_SLOW),
        _without_labels("permuted_mnist", blur=1.0, on_demand=_SLOW),
        _without_labels("split_omniglot", on_demand=_SLOW),
        _without_labels("split_omniglot", blur=1.0, on_demand=_SLOW),
        _with_heads("split_cifar100"),
        _with_heads("split_cifar100_20"),
        _with_heads("split_omniglot"),
        _with_small_stem("split_cifar100_20"),
    )
}
