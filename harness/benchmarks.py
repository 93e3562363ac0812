"""The benchmarks: tasks, network and training budget. Names and numbers only, no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True, slots=True)
class Training:
    """The training budget of one profile, the same for every method of a comparison.

    Attributes:
        epochs: passes over each task's training data.
        batch_size: examples per optimizer step.
        learning_rate: of Adam at the start of each task.
        decay: lower the learning rate to zero within each task, along half a cosine.
        train_examples: at most this many training examples per task; None for all.
        test_examples: at most this many test examples per task; None for all.
        tasks: only the first so many tasks of the stream; None for all.
        validation: hold out the last tenth of each task's training examples and test on it instead
            of on the test data.
    """

    epochs: int
    batch_size: int = 128
    learning_rate: float = 0.002
    decay: bool = True
    train_examples: int | None = None
    test_examples: int | None = None
    tasks: int | None = None
    validation: bool = False


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
        relative: whether outputs count from 0 within each task, so that all tasks share them; they
            are labels of the data set otherwise.
        training: the budget of each profile, by the profile's name.
        head: whether all tasks share one output layer or have one each.
        labelled: whether the task of every example is told, in training and (task-aware) at test.
        blur: length of the transition from task to task over that of a task; 0 for sharp borders.
        supervised: the same tasks with labels, which a stream without them is held against.
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
    relative: bool = False
    head: Literal["shared", "per-task"] = "shared"
    labelled: bool = True
    blur: float = 0.0
    supervised: str = ""
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

    def first(self, tasks: int | None) -> Benchmark:
        """The same benchmark cut to its first tasks; the network's output keeps its width."""
        return replace(self, classes=self.classes[:tasks])


_SMOKE = Training(epochs=1, train_examples=1024, test_examples=512)
_LABELLED = {
    "smoke": _SMOKE,
    "default": Training(epochs=5),
    "tuning": Training(epochs=5, tasks=3, validation=True),
    "paper": Training(epochs=250, decay=False),
}
_IMAGES = {
    "smoke": replace(_SMOKE, batch_size=64, train_examples=256, test_examples=200),
    "default": Training(epochs=5, batch_size=128, learning_rate=0.001),
    "tuning": Training(epochs=5, batch_size=128, learning_rate=0.001, tasks=3, validation=True),
    "paper": Training(epochs=100, batch_size=256, learning_rate=0.001, decay=False),
}
_DRAWINGS = {
    "smoke": replace(_SMOKE, batch_size=16, train_examples=128, test_examples=64),
    "default": Training(epochs=5, batch_size=16, learning_rate=0.001),
    "tuning": Training(epochs=5, batch_size=16, learning_rate=0.001, tasks=3, validation=True),
    "paper": Training(epochs=200, batch_size=16, learning_rate=0.0002, decay=False),
}
_BEYOND = frozenset({"replay", "generative_replay", "rmn_plus", "hat_plus", "single_plus"})
"""Not in the paper's comparison, where one replays nothing and names tasks by the network alone."""
_PAIRS = ((0, 1), (2, 3), (4, 5), (6, 7), (8, 9))
_ALPHABETS = (
    20, 29, 26, 41, 40, 24, 46, 14, 26, 34, 33, 22, 26, 43, 24, 48, 22, 16, 52, 47, 40, 26, 40, 41,
    33, 14, 42, 23, 17, 55, 20, 26, 26, 26, 26, 26, 45, 45, 41, 26, 47, 40, 30, 45, 46, 28, 23, 25,
    42, 26,
)  # fmt: skip
_SLOW = frozenset({"generative_replay", "si", "mas"})


def _runs(tasks: int, classes: int) -> tuple[tuple[int, ...], ...]:
    """Consecutive labels, so many for each task."""
    return tuple(tuple(range(t * classes, (t + 1) * classes)) for t in range(tasks))


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
            training=_LABELLED,
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
            training=_LABELLED,
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
            training=_LABELLED,
            on_demand=_BEYOND,
        ),
        Benchmark(
            name="split_cifar100",
            title="Split-CIFAR-100 (10 tasks)",
            summary="CIFAR-100 in ten tasks of ten classes each, in the order of their labels, "
            "official split, pixels in [0, 1]. All tasks share ten outputs.",
            dataset="cifar100",
            network="cifar_cnn",
            outputs=10,
            tasks_by="classes",
            classes=_runs(10, 10),
            relative=True,
            training=_IMAGES,
            on_demand=_BEYOND,
        ),
        Benchmark(
            name="split_cifar100_20",
            title="Split-CIFAR-100 (20 tasks), ResNet-18",
            summary="CIFAR-100 in twenty tasks of five classes each, in the order of their labels, "
            "official split, pixels in [0, 1]. All tasks share five outputs.",
            dataset="cifar100",
            network="resnet18",
            outputs=5,
            tasks_by="classes",
            classes=_runs(20, 5),
            relative=True,
            training=_IMAGES,
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
            relative=True,
            training=_DRAWINGS,
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
    training = {name: replace(budget, decay=False) for name, budget in told.training.items()}
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
    )
}

PROFILES = {
    "smoke": "seconds; for tests and for trying the command line",
    "default": "what a laptop can do; the profile of the committed results",
    "tuning": "the first tasks alone, tested on held-out training data; for harness.tune",
    "paper": "the paper's epochs and optimizer settings",
}
