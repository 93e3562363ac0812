"""The benchmarks: tasks, network and heads. Names and numbers only, no torch."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count, islice
from pathlib import Path
from typing import Any, Final, Literal

from baselines.interface import Role
from harness.config.anchors import anchors
from harness.config.budgets import DIGITS, DRAWINGS, MANY_DIGITS, PHOTOS, TrainingBudget

BROAD_ROLES: Final = frozenset(Role) - {Role.REFERENCE}
"""Replay and routers as well; references are compared where they are named."""

PAPER_ROLES: Final = frozenset({Role.SUBJECT, Role.BOUND, Role.BASELINE})
"""The paper's comparison, where one replays nothing and infers tasks by the network alone."""

CHEAP_ROLES: Final = frozenset({Role.SUBJECT, Role.BOUND})
"""For long streams without task labels, where the others would take hours."""


NEVER_UNNORMALISED: Final = frozenset({"resnet18", "resnet18_small_stem"})
"""Networks that cannot be trained without normalisation: each residual sum doubles the signal."""


DataFunction = Callable[[Path | None], Any]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A stream of tasks.

    Attributes:
        name: as typed on the command line.
        title: as printed.
        summary: one sentence for reports: data, split, tasks.
        dataset: key of the data set that it is made from; its own name where `data` reads it.
        network: key of the backbone.
        tasks_by: each task has some of the classes, or one group of the images (an alphabet), or
            all classes in a pixel order of its own; or the data say to which task each example
            belongs ("experiences"), whose classes are numbered over the stream.
        classes: the classes of each task, numbered over the whole stream, in the order of the
            stream.
        budgets: the training budget of each profile, by the profile's name.
        groups: the group of each task where tasks are groups.
        pixel_orders: number of the permutation of each task where tasks are permutations; none for
            one of its own each.
        rotations: degrees by which the images of each task are rotated before they are permuted;
            none for no rotation.
        total_classes: number of classes of the whole stream, which its first tasks alone keep; 0 to
            count those of the tasks.
        relative: whether the classes of each task are numbered from 0 instead, so that tasks share
            outputs or have a layer of them each.
        labelled: whether every example has a task label in training, and in task-il at test.
        transition: length of the transition from task to task over that of a task; 0 for sharp
            task boundaries.
        variant_of: the benchmark whose tasks and network these are, in another form.
        labelled_counterpart: the same tasks with labels, which a stream without them is held
            against.
        tuning_source: the benchmark whose tuned settings methods take that have none for this one.
        heads: whether each task has an output layer of its own in task-il, unless the budget says
            otherwise.
        loss_over_all: whether in class-il the loss is over all classes of the stream from the first
            task on, not over those seen so far.
        scenarios: that it is compared in unless others are asked for; none for the usual ones
            (`harness.config.scenarios.scenarios_of`).
        methods: names of those that are compared unless --methods names others; none for those of
            the default roles.
        default_roles: roles of the methods that are compared.
        settings: those that methods have instead of their defaults, by scenario and method.
        data: reads the training and the test split, `harness.data.datasets.Images`, perhaps from
            the folder that --data names; None where `dataset` is one of `harness.data.sources`.
        version: raise it when the same name begins to mean other tasks or another network.
    """

    name: str
    title: str
    summary: str
    dataset: str
    network: str
    tasks_by: Literal["classes", "groups", "permutations", "experiences"]
    classes: tuple[tuple[int, ...], ...]
    budgets: Mapping[str, TrainingBudget]
    groups: tuple[int, ...] = ()
    pixel_orders: tuple[int, ...] = ()
    rotations: tuple[int, ...] = ()
    total_classes: int = 0
    relative: bool = False
    labelled: bool = True
    transition: float = 0.0
    variant_of: str = ""
    labelled_counterpart: str = ""
    tuning_source: str = ""
    heads: bool = False
    loss_over_all: bool = False
    scenarios: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    default_roles: frozenset[Role] = PAPER_ROLES
    settings: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    data: DataFunction | None = field(default=None, compare=False, repr=False)
    version: int = 1

    def __post_init__(self) -> None:
        if not self.total_classes:
            object.__setattr__(self, "total_classes", 1 + max(map(max, self.classes)))

    @property
    def tasks(self) -> int:
        """Number of tasks in the stream."""
        return len(self.classes)

    @property
    def disjoint(self) -> bool:
        """Whether each task has classes of its own."""
        if self.tasks_by == "permutations":
            return False
        labels = [label for classes in self.classes for label in classes]
        return len(set(labels)) == len(labels)

    @property
    def outputs(self) -> int:
        """Width of the network's output: an output a class, of the stream or of the widest task."""
        return max(map(len, self.classes)) if self.relative else self.total_classes

    @property
    def task_outputs(self) -> tuple[tuple[int, ...], ...]:
        """The outputs that stand for classes of each task."""
        if not self.relative:
            return self.classes
        return tuple(tuple(range(len(classes))) for classes in self.classes)

    def under(self, budget: TrainingBudget, seed: int = 0) -> Benchmark:
        """The same benchmark with the order, the number of tasks and the outputs of a budget.

        Args:
            budget: of the run.
            seed: of the run, which a budget may take for that of the order.

        Raises:
            ValueError: it has no such order, or fewer tasks.
        """
        relative = self.disjoint and budget.outputs in ("heads", "shared")
        numbered = replace(self, relative=relative)
        order = seed if budget.class_order == "seed" else budget.class_order
        return numbered.ordered(order).first(budget.tasks)

    def first(self, tasks: int | None) -> Benchmark:
        """The same benchmark cut to its first tasks.

        Raises:
            ValueError: it has fewer.
        """
        if tasks is not None and tasks > self.tasks:
            raise ValueError(f"{self.name} has {self.tasks} tasks; training.tasks is {tasks}")
        return replace(
            self,
            classes=self.classes[:tasks],
            groups=self.groups[:tasks],
            pixel_orders=self.pixel_orders[:tasks],
            rotations=self.rotations[:tasks],
        )

    def ordered(self, seed: int | None) -> Benchmark:
        """The same benchmark with its classes, or groups, in a random order; None for theirs.

        Raises:
            ValueError: every task has all classes, so that there is nothing to order.
        """
        if seed is None:
            return self
        shuffle = random.Random(seed).sample
        if self.groups:
            order = shuffle(range(self.tasks), self.tasks)
            classes = tuple(self.classes[group] for group in order)
            return replace(self, classes=classes, groups=tuple(order))
        if not self.disjoint:
            raise ValueError(f"each task of {self.name} has all classes; leave out class_order")
        labels = [label for classes in self.classes for label in classes]
        drawn = iter(shuffle(labels, len(labels)))
        return replace(self, classes=tuple(tuple(islice(drawn, len(c))) for c in self.classes))


_PAIRS = ((0, 1), (2, 3), (4, 5), (6, 7), (8, 9))
_ALPHABETS = (
    20, 29, 26, 41, 40, 24, 46, 14, 26, 34, 33, 22, 26, 43, 24, 48, 22, 16, 52, 47, 40, 26, 40, 41,
    33, 14, 42, 23, 17, 55, 20, 26, 26, 26, 26, 26, 45, 45, 41, 26, 47, 40, 30, 45, 46, 28, 23, 25,
    42, 26,
)  # fmt: skip


def _in_order(sizes: Iterable[int]) -> tuple[tuple[int, ...], ...]:
    """Consecutive numbers, so many for each task."""
    numbers = count()
    return tuple(tuple(islice(numbers, size)) for size in sizes)


BENCHMARKS: dict[str, Benchmark] = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark(
            name="split_mnist",
            title="Split-MNIST",
            summary="MNIST in five tasks of two digits each (0/1, 2/3, 4/5, 6/7, 8/9), official "
            "split, pixels in [0, 1].",
            dataset="mnist",
            network="mlp",
            tasks_by="classes",
            classes=_PAIRS,
            budgets=DIGITS,
        ),
        Benchmark(
            name="permuted_mnist",
            title="Permuted-MNIST",
            summary="MNIST ten times, each task with its own random permutation of the 784 pixels "
            "drawn from the seed; official split, pixels in [0, 1].",
            dataset="mnist",
            network="mlp",
            tasks_by="permutations",
            classes=(tuple(range(10)),) * 10,
            budgets=DIGITS,
        ),
        Benchmark(
            name="permuted_mnist_50",
            title="Permuted-MNIST (50 tasks)",
            summary="MNIST fifty times, each task with its own random permutation of the 784 "
            "pixels drawn from the seed; official split, pixels in [0, 1].",
            dataset="mnist",
            network="mlp",
            tasks_by="permutations",
            classes=(tuple(range(10)),) * 50,
            budgets=MANY_DIGITS,
            tuning_source="permuted_mnist",
        ),
        Benchmark(
            name="permuted_mnist_related",
            title="Permuted-MNIST with related tasks",
            summary="MNIST eight times: a permutation of the 784 pixels, another one, the first "
            "again, the first after the images were rotated by 10, 30, 60 and 90 degrees, and a "
            "third; official split, pixels in [0, 1].",
            dataset="mnist",
            network="mlp",
            tasks_by="permutations",
            classes=(tuple(range(10)),) * 8,
            pixel_orders=(0, 1, 0, 0, 0, 0, 0, 2),
            rotations=(0, 0, 0, 10, 30, 60, 90, 0),
            budgets=DIGITS,
            tuning_source="permuted_mnist",
        ),
        Benchmark(
            name="split_fashion_mnist",
            title="Split-Fashion-MNIST",
            summary="Fashion-MNIST in five tasks of two kinds of clothes each, in the order of "
            "their labels, official split, pixels in [0, 1].",
            dataset="fashion_mnist",
            network="mlp",
            tasks_by="classes",
            classes=_PAIRS,
            budgets=DIGITS,
        ),
        Benchmark(
            name="split_cifar100",
            title="Split-CIFAR-100 (10 tasks)",
            summary="CIFAR-100 in ten tasks of ten classes each, in the order of their labels, "
            "official split, inputs standardised per channel.",
            dataset="cifar100",
            network="cifar_cnn",
            tasks_by="classes",
            classes=_in_order([10] * 10),
            budgets=PHOTOS,
        ),
        Benchmark(
            name="split_cifar100_20",
            title="Split-CIFAR-100 (20 tasks), ResNet-18",
            summary="CIFAR-100 in twenty tasks of five classes each, in the order of their labels, "
            "official split, inputs standardised per channel.",
            dataset="cifar100",
            network="resnet18",
            tasks_by="classes",
            classes=_in_order([5] * 20),
            budgets=PHOTOS,
            tuning_source="split_cifar100",
        ),
        Benchmark(
            name="split_omniglot",
            title="Sequential Omniglot",
            summary="The 50 alphabets of Omniglot as 50 tasks of 14 to 55 characters, 16 of 20 "
            "drawers for training, 28 x 28 pixels in [0, 1].",
            dataset="omniglot",
            network="omniglot_cnn",
            tasks_by="groups",
            classes=_in_order(_ALPHABETS),
            groups=tuple(range(50)),
            budgets=DRAWINGS,
            tuning_source="split_cifar100",
        ),
    )
}


def _without_labels(
    name: str, *, transition: float = 0.0, default_roles: frozenset[Role] = BROAD_ROLES
) -> Benchmark:
    """The tasks of a benchmark as one sequence of batches."""
    labelled = BENCHMARKS[name]
    transitions = (
        " in which the share of the next task grows linearly from batch to batch, transitions as "
        "long as tasks (Lee et al. 2020)"
        if transition
        else ""
    )
    # no decay: a learner that does not know where tasks end cannot know where it should stop
    budgets = {
        profile: replace(
            budget, decay=False, patience=None, first_epochs=None, accuracy_matrix="seen"
        )
        for profile, budget in labelled.budgets.items()
    }
    return replace(
        labelled,
        name=f"{name}_fuzzy" if transition else f"{name}_unsupervised",
        title=f"Fuzzy {labelled.title}" if transition else f"{labelled.title} without task labels",
        summary=f"The tasks of {labelled.title} as one sequence of batches{transitions}. "
        "Neither task labels nor task boundaries are given, in training or at test.",
        budgets=budgets,
        labelled=False,
        transition=transition,
        variant_of=name,
        labelled_counterpart=name,
        tuning_source=name,
        default_roles=default_roles,
    )


def _with_small_stem(name: str) -> Benchmark:
    """A benchmark on ResNet-18 with a stem for small images; the original quarters their sides."""
    original = BENCHMARKS[name]
    return replace(
        original,
        name=f"{name}_small_stem",
        title=f"{original.title} with the small stem",
        summary=f"{original.summary} The first layer is 3 x 3, without stride or pooling: sixteen "
        "times the work.",
        network="resnet18_small_stem",
        variant_of=name,
    )


BENCHMARKS |= {
    benchmark.name: benchmark
    for benchmark in (
        _without_labels("split_mnist"),
        _without_labels("split_mnist", transition=1.0),
        _without_labels("permuted_mnist", default_roles=CHEAP_ROLES),
        _without_labels("permuted_mnist", transition=1.0, default_roles=CHEAP_ROLES),
        _without_labels("split_omniglot", default_roles=CHEAP_ROLES),
        _without_labels("split_omniglot", transition=1.0, default_roles=CHEAP_ROLES),
        _with_small_stem("split_cifar100_20"),
    )
}
BENCHMARKS |= {benchmark.name: benchmark for benchmark in anchors(BENCHMARKS)}
