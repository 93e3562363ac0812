"""Training budgets: what every method of a comparison is given, by profile. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from math import inf
from typing import Any, Final, Literal

DEFAULT: Final = "default"
CONSTANT: Final = "constant"
LONG: Final = "long"
ABLATION: Final = "ablation"
TUNING: Final = "tuning"
PAPER: Final = "paper"
PRECISIONS: Final = ("float32", "bfloat16")
MATRICES: Final = ("seen", "whole", "diagonal")
AUTO: Final = "auto"
NORMS: Final = (AUTO, "per-task", "shared", "none", "group")
OUTPUTS: Final = (AUTO, "own", "heads", "shared")
OPTIMIZERS: Final = ("adam", "sgd")


def _field(
    help: str,  # noqa: A002 - argparse's own word
    default: Any = MISSING,
    *,
    minimum: int | None = None,
    maximum: int | None = None,
    later: bool = False,
) -> Any:
    """A field of `TrainingBudget`.

    Args:
        help: one line for the command line.
        default: its value where a profile says nothing.
        minimum: smallest allowed value.
        maximum: largest allowed value.
        later: the field came after the first results: at its default it is no part of a run's
            identity. Otherwise every new field would orphan all finished runs, which it leaves as
            they are.
    """
    limits = {"minimum": minimum, "maximum": maximum}
    return field(default=default, metadata={"help": help, **limits, "later": later})


@dataclass(frozen=True, slots=True)
class TrainingBudget:
    """The training budget of one profile, the same for every method of a comparison.

    The help of each field says what it is, here as on the command line.

    Raises:
        ValueError: a value is impossible, or two contradict each other.
    """

    epochs: int = _field("passes over each task's training data", minimum=1)
    batch_size: int = _field("examples per optimizer step", 128, minimum=2)
    learning_rate: float = _field("at the start of each task, above 0", 0.002)
    decay: bool = _field(
        "lower the learning rate to zero within each task, along half a cosine", True
    )
    train_examples: int | None = _field(
        "at most so many training examples per task; none: all", None, minimum=2
    )
    test_examples: int | None = _field(
        "at most so many test examples per task; none: all", None, minimum=1
    )
    tasks: int | None = _field("only the first so many tasks; none: all", None, minimum=1)
    validation: bool = _field(
        "test on the last tenth of each task's training examples, held out, not on test data", False
    )
    patience: int | None = _field(
        "divide the learning rate by three after so many epochs without a lower loss on a tenth of "
        "the training data, held out (with decay=false); none: never",
        None,
        minimum=1,
        later=True,
    )
    class_order: int | Literal["seed"] | None = _field(
        "seed of a random order of the classes, or of the groups, before they are cut into tasks; "
        "seed: that of each run, so that runs differ in it; none: the published order",
        None,
        later=True,
    )
    affine: bool = _field(
        "rotate, shift and scale half of the training images at random", False, later=True
    )
    first_epochs: int | None = _field(
        "passes over the first task's data; none: as many as for the others",
        None,
        minimum=1,
        later=True,
    )
    precision: Literal["float32", "bfloat16"] = _field(
        "of matrix products and convolutions in training, and of task inference in streams of more "
        "than ten tasks; weights and all other measurements are float32",
        "float32",
        later=True,
    )
    accuracy_matrix: Literal["seen", "whole", "diagonal"] = _field(
        "what is tested after each task but the last: seen, all tasks so far; whole, those to come "
        "as well, which FWT needs; diagonal, the task just learned, without task inference: all "
        "that ACC, BWT and learning accuracy need, at a fraction of the cost in long streams",
        "seen",
        later=True,
    )
    learning_curve: bool = _field(
        "test on the task that is being learned after each epoch, the identity given",
        False,
        later=True,
    )
    norm: Literal["auto", "per-task", "shared", "none", "group"] = _field(
        "normalisation of every network: per-task, a BatchNorm for each task; shared, one for all; "
        "none; group, GroupNorm (LayerNorm after linear layers) without parameters; auto, per-task "
        "where the task identity is given or inferred and shared elsewhere",
        AUTO,
    )
    outputs: Literal["auto", "own", "heads", "shared"] = _field(
        "what the classes of a task are told by: own, an output of a wide layer for each class of "
        "the stream; heads, a layer for each task; shared, outputs that count from 0 within each "
        "task; auto, shared in domain-il or where all tasks have the same classes, and own "
        "elsewhere",
        AUTO,
    )
    optimizer: Literal["adam", "sgd"] = _field(
        "Adam, or stochastic gradient descent without momentum; of all methods whose publication "
        "does not demand another (those that demand Adam are refused with sgd)",
        "adam",
        later=True,
    )
    reset_optimizer: bool = _field(
        "start the optimizer anew with each task; without it the moments of Adam go on",
        True,
        later=True,
    )
    threads: int = _field(
        "CPU threads of each run, as by --threads; with another number of them sums are in another "
        "order, so that results differ in the last digits and, after training, in more",
        1,
        minimum=1,
        maximum=1024,
        later=True,
    )

    def __post_init__(self) -> None:
        for entry in fields(self):
            value, limits = getattr(self, entry.name), entry.metadata
            if value is None:
                continue
            if (least := limits["minimum"]) is not None and value < least:
                raise ValueError(f"{entry.name} is {value}; it must be at least {least}")
            if (most := limits["maximum"]) is not None and value > most:
                raise ValueError(f"{entry.name} is {value}; it must be at most {most}")
        if not 0 < self.learning_rate < inf:
            raise ValueError(f"learning_rate is {self.learning_rate}; it must be above 0, finite")
        choices = {
            "precision": PRECISIONS,
            "accuracy_matrix": MATRICES,
            "norm": NORMS,
            "outputs": OUTPUTS,
            "optimizer": OPTIMIZERS,
        }
        for name, allowed in choices.items():
            if (value := getattr(self, name)) not in allowed:
                raise ValueError(f"{name} is {value!r}; use one of {allowed}")
        if self.decay and self.patience is not None:
            raise ValueError("patience and decay both lower the learning rate; set decay=false")

    def epochs_of(self, task: int) -> int:
        """Passes over the data of a task, counted from 1."""
        return self.first_epochs or self.epochs if task == 1 else self.epochs

    def identity(self) -> dict[str, Any]:
        """Every field that decides a run's numbers, as a run's record has them."""
        absent = {f.name for f in fields(self) if f.metadata["later"]}
        return {
            name: value
            for name, value in asdict(self).items()
            if name not in absent or value != self.__dataclass_fields__[name].default
        }


def profiles(
    default: TrainingBudget,
    smoke: TrainingBudget,
    paper: TrainingBudget,
    *,
    long_epochs: int,
    ablation_tasks: int | None = None,
) -> Mapping[str, TrainingBudget]:
    """The budgets of all profiles; those that are no arguments follow the default.

    Args:
        default: of the profile of that name.
        smoke: likewise.
        paper: likewise.
        long_epochs: epochs a task of the profile `long`.
        ablation_tasks: tasks of the profile `ablation`; None for all.
    """
    return {
        "smoke": smoke,
        DEFAULT: default,
        TUNING: replace(default, validation=True, accuracy_matrix="diagonal"),
        PAPER: paper,
        LONG: replace(default, epochs=long_epochs, learning_curve=True),
        ABLATION: replace(default, accuracy_matrix="diagonal", tasks=ablation_tasks),
        CONSTANT: replace(default, decay=False),
    }


DIGITS: Final = profiles(
    default=TrainingBudget(epochs=5),
    smoke=TrainingBudget(epochs=1, train_examples=1024, test_examples=512),
    paper=TrainingBudget(epochs=250, decay=False),
    long_epochs=20,
)
"""MNIST and Fashion-MNIST; supplement, Section 3.2."""

MANY_DIGITS: Final = {
    profile: replace(
        budget, accuracy_matrix="diagonal", tasks=10 if profile == "smoke" else budget.tasks
    )
    for profile, budget in DIGITS.items()
}
"""The same for long streams."""

PHOTOS: Final = profiles(
    default=TrainingBudget(epochs=5, batch_size=64, learning_rate=0.001, precision="bfloat16"),
    smoke=TrainingBudget(epochs=1, batch_size=64, train_examples=128, test_examples=100, tasks=3),
    paper=TrainingBudget(epochs=100, batch_size=256, learning_rate=0.001, decay=False, patience=5),
    long_epochs=30,
)
"""CIFAR-100; supplement, Section 3.2."""

DRAWINGS: Final = profiles(
    default=TrainingBudget(
        epochs=5,
        batch_size=16,
        learning_rate=0.001,
        precision="bfloat16",
        accuracy_matrix="diagonal",
    ),
    smoke=TrainingBudget(epochs=1, batch_size=16, train_examples=32, test_examples=32, tasks=3),
    paper=TrainingBudget(
        epochs=200,
        first_epochs=150,
        batch_size=16,
        learning_rate=0.0002,
        decay=False,
        accuracy_matrix="diagonal",
    ),
    long_epochs=30,
    ablation_tasks=10,
)
"""Omniglot; supplement, Section 3.2."""

PROFILES: Final = {
    "smoke": "seconds a run, at most ten tasks; for tests and for trying the command line",
    DEFAULT: "what a laptop can do; the profile of the committed results",
    CONSTANT: "the default one at a constant learning rate, as in streams without task boundaries",
    TUNING: "the default one, tested on held-out training data; for harness.tune",
    LONG: "20 epochs a task, 30 of convolutional networks, with learning curves",
    ABLATION: "the default one, of Omniglot ten tasks; for harness.ablation",
    PAPER: "the paper's epochs and optimizer settings",
}
