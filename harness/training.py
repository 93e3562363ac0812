"""Training budgets: what every method of a comparison is given, by profile. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Literal

PRECISIONS: Final = ("float32", "bfloat16")


def _later(default: Any) -> Any:
    """A field that came after the first results: at its default it is no part of a run's identity.

    Otherwise every new field would orphan all finished runs, which it leaves as they are.
    """
    return field(default=default, metadata={"later": True})


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
        patience: divide the learning rate by three after so many epochs without a lower loss on
            held-out training data, a tenth of each task; None for never.
        class_order: seed of a random order of the classes, or of the groups, before they are cut
            into tasks; None for the published order.
        affine: rotate, shift and scale half of the training images at random.
        first_epochs: passes over the first task's data where they differ from the other tasks'.
        precision: of matrix products and convolutions in training, and of task inference in streams
            of more than ten tasks; weights stay float32, and so does every other measurement.
    """

    epochs: int
    batch_size: int = 128
    learning_rate: float = 0.002
    decay: bool = True
    train_examples: int | None = None
    test_examples: int | None = None
    tasks: int | None = None
    validation: bool = False
    patience: int | None = _later(None)
    class_order: int | None = _later(None)
    affine: bool = _later(False)
    first_epochs: int | None = _later(None)
    precision: Literal["float32", "bfloat16"] = _later("float32")

    def __post_init__(self) -> None:
        counts = ("epochs", "batch_size", "train_examples", "test_examples", "tasks", "patience")
        for name in (*counts, "first_epochs"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}; it must be at least 1")
        if self.learning_rate <= 0:
            raise ValueError(f"learning_rate is {self.learning_rate}; it must be above 0")
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision is {self.precision!r}; use one of {PRECISIONS}")
        if self.decay and self.patience is not None:
            raise ValueError("patience and decay both lower the learning rate; set decay=false")

    def epochs_of(self, task: int) -> int:
        """Passes over the data of a task, counted from 1."""
        return self.first_epochs or self.epochs if task == 1 else self.epochs

    def identity(self) -> dict[str, Any]:
        """Every field that decides a run's numbers, as a run's record has them."""
        absent = {f.name for f in fields(self) if f.metadata.get("later")}
        return {
            name: value
            for name, value in asdict(self).items()
            if name not in absent or value != self.__dataclass_fields__[name].default
        }


_SMOKE: Final[Mapping[str, Any]] = {"epochs": 1, "train_examples": 1024, "test_examples": 512}
_TUNING: Final[Mapping[str, Any]] = {"epochs": 5, "tasks": 3, "validation": True}

DIGITS: Final = {
    "smoke": Training(**_SMOKE),
    "default": Training(epochs=5),
    "tuning": Training(**_TUNING),
    "paper": Training(epochs=250, decay=False),
}
"""MNIST and Fashion-MNIST; supplement, Section 3.2."""

PHOTOS: Final = {
    "smoke": Training(epochs=1, batch_size=64, train_examples=256, test_examples=200),
    "default": Training(epochs=5, batch_size=64, learning_rate=0.001, precision="bfloat16"),
    "tuning": Training(**_TUNING, batch_size=64, learning_rate=0.001, precision="bfloat16"),
    "paper": Training(epochs=100, batch_size=256, learning_rate=0.001, decay=False, patience=5),
}
"""CIFAR-100; supplement, Section 3.2."""

DRAWINGS: Final = {
    "smoke": Training(epochs=1, batch_size=16, train_examples=128, test_examples=64),
    "default": Training(epochs=5, batch_size=16, learning_rate=0.001, precision="bfloat16"),
    "tuning": Training(**_TUNING, batch_size=16, learning_rate=0.001, precision="bfloat16"),
    "paper": Training(
        epochs=200, first_epochs=150, batch_size=16, learning_rate=0.0002, decay=False
    ),
}
"""Omniglot; supplement, Section 3.2."""

PROFILES: Final = {
    "smoke": "seconds; for tests and for trying the command line",
    "default": "what a laptop can do; the profile of the committed results",
    "tuning": "the first tasks alone, tested on held-out training data; for harness.tune",
    "paper": "the paper's epochs and optimizer settings",
}
