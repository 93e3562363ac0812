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
        tasks_by: each task has some of the classes, or all of them in a pixel order of its own.
        network: key of the backbone.
        outputs: number of classes over all tasks, the width of the network's output.
        classes: the classes of each task, in the order of the stream.
        training: the budget of each profile, by the profile's name.
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
    tasks_by: Literal["classes", "permutations"]
    classes: tuple[tuple[int, ...], ...]
    training: dict[str, Training]
    labelled: bool = True
    blur: float = 0.0
    supervised: str = ""
    on_demand: frozenset[str] = frozenset()
    version: int = 1

    @property
    def tasks(self) -> int:
        """Number of tasks in the stream."""
        return len(self.classes)

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
_UNLABELLED = {
    # no decay: a learner that does not know where tasks end cannot know where it should stop
    name: replace(training, decay=False)
    for name, training in _LABELLED.items()
}
_BEYOND = frozenset({"replay", "generative_replay", "rmn_plus", "hat_plus", "single_plus"})
"""Not in the paper's comparison, where one replays nothing and names tasks by the network alone."""
_PAIRS = ((0, 1), (2, 3), (4, 5), (6, 7), (8, 9))
_UNTOLD = "No task label and no border is told, in training or at test"

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
            name="split_mnist_unsupervised",
            title="Split-MNIST without task labels",
            summary=f"The tasks of Split-MNIST as one sequence of batches. {_UNTOLD}.",
            dataset="mnist",
            network="mlp",
            outputs=10,
            tasks_by="classes",
            classes=_PAIRS,
            training=_UNLABELLED,
            labelled=False,
            supervised="split_mnist",
        ),
        Benchmark(
            name="permuted_mnist_unsupervised",
            title="Permuted-MNIST without task labels",
            summary=f"The tasks of Permuted-MNIST as one sequence of batches. {_UNTOLD}.",
            dataset="mnist",
            network="mlp",
            outputs=10,
            tasks_by="permutations",
            classes=(tuple(range(10)),) * 10,
            training=_UNLABELLED,
            labelled=False,
            supervised="permuted_mnist",
            on_demand=frozenset({"generative_replay", "si", "mas"}),
        ),
        Benchmark(
            name="split_mnist_fuzzy",
            title="Fuzzy Split-MNIST",
            summary="The tasks of Split-MNIST as one sequence of batches in which the share of "
            "the next task grows linearly from batch to batch, transitions as long as tasks (Lee "
            f"et al. 2020). {_UNTOLD}.",
            dataset="mnist",
            network="mlp",
            outputs=10,
            tasks_by="classes",
            classes=_PAIRS,
            training=_UNLABELLED,
            labelled=False,
            blur=1.0,
            supervised="split_mnist",
        ),
    )
}

PROFILES = {
    "smoke": "seconds; for tests and for trying the command line",
    "default": "what a laptop can do; the profile of the committed results",
    "tuning": "the first tasks alone, tested on held-out training data; for harness.tune",
    "paper": "the paper's epochs and optimizer settings",
}
