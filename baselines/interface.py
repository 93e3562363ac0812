"""What a method of comparison is, and what the harness may ask of it.

Nothing here imports torch or avalanche at run time: a method's settings must be known for `--help`
and for every error message, and both libraries take seconds to import.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch
    from avalanche.training.templates import SupervisedTemplate
    from torch import Tensor, nn


class Relaxation(StrEnum):
    """A condition of strict continual learning that is given up (paper, Supplement Table 1)."""

    REPLAY = "replays stored examples"
    HEAD_PER_TASK = "one output layer per task"
    PRETRAINED = "pretrained weights"
    GENERATIVE_REPLAY = "replays generated examples"
    SEVERAL_MODELS = "more than one model"
    ALL_TASKS_AT_ONCE = "sees all tasks at once"
    STATISTICS = "keeps statistics of the data to name tasks"
    TASK_IDENTITY = "uses the task identity when it is given at test"


HEADS = frozenset({Relaxation.HEAD_PER_TASK, Relaxation.TASK_IDENTITY})
"""What every method gives up on a benchmark with one head per task."""


class Told(StrEnum):
    """What a method must be told while it learns, from least to most."""

    NOTHING = "nothing but inputs and classes"
    BORDERS = "where tasks end"
    LABELS = "the task of every example"


@dataclass(frozen=True)
class Context:
    """What a method is given to build its strategy; the same for every method of a comparison.

    Attributes:
        network: makes the benchmark's backbone, freshly initialised from the run's seed.
        outputs: number of classes over all tasks, the width of the backbone's output.
        tasks: number of tasks in the stream. A strict method must not look at it.
        epochs: passes over the training data of each task.
        batch_size: examples per optimizer step.
        learning_rate: of Adam, for methods whose publication does not demand another optimizer.
        device: where the model and the data live.
        seed: of the run; torch is already seeded with it when `build` is called.
        plugins: Avalanche plugins of the harness's own; pass them on unchanged.
        head: whether all tasks share one output layer or have one each.
    """

    network: Callable[[], nn.Module]
    outputs: int
    tasks: int
    epochs: int
    batch_size: int
    learning_rate: float
    device: torch.device
    seed: int
    plugins: tuple[Any, ...] = ()
    head: Literal["shared", "per-task"] = "shared"

    def model(self) -> nn.Module:
        """What a method without masks trains: the backbone, with a head per task if they have."""
        from baselines.components.part_per_task import HeadPerTask

        return self.network() if self.head == "shared" else HeadPerTask(self.network())

    def adam(self, model: nn.Module) -> torch.optim.Adam:
        """The optimizer of the comparison: fused Adam at the benchmark's learning rate."""
        import torch

        return torch.optim.Adam(model.parameters(), lr=self.learning_rate, fused=True)

    def strategy_arguments(self) -> dict[str, Any]:
        """Arguments that every Avalanche strategy takes: budget, device, plugins, no logging."""
        from baselines.components.no_metrics import NoMetrics

        return {
            "train_mb_size": self.batch_size,
            "train_epochs": self.epochs,
            "eval_mb_size": 1024,
            "device": self.device,
            "plugins": list(self.plugins),
            "evaluator": NoMetrics(),
        }


@dataclass(frozen=True)
class Baseline(ABC):
    """A method of comparison. Its dataclass fields are its settings on the command line.

    Subclasses are frozen dataclasses decorated with `baselines.registry.register`. Declare each
    field with `setting`, so that its meaning and its allowed values are known without running.

    Attributes:
        name: as typed on the command line.
        title: as printed in tables and figures.
        reference: the publication whose algorithm this is.
        version: raise it when the same settings begin to give other results; old runs then no
            longer count as done.
        relaxations: conditions of strict continual learning given up; checked against what is seen.
        told: what it must be told while it learns; decides which streams it can be trained on.
        rule: how its task is inferred when it is not given, "" for methods without task identity.
        tuned_as: name of the method whose tuned settings it takes, "" for its own.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    reference: ClassVar[str]
    version: ClassVar[int] = 1
    relaxations: ClassVar[frozenset[Relaxation]] = frozenset()
    told: ClassVar[Told] = Told.BORDERS
    rule: ClassVar[str] = ""
    tuned_as: ClassVar[str] = ""

    @property
    def default_rule(self) -> str:
        """The rule whose task-agnostic accuracy stands for the method."""
        return self.rule

    @abstractmethod
    def build(self, context: Context) -> SupervisedTemplate:
        """An Avalanche strategy ready to train on the stream's first experience."""


def setting(
    default: Any,
    help: str,  # noqa: A002 - argparse's own word
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    grid: tuple[Any, ...] = (),
) -> Any:
    """A field of a `Baseline`.

    Args:
        default: value when neither tuned nor given.
        help: one line for the command line: what it does, its unit, its source.
        minimum: smallest allowed value, inclusive.
        maximum: largest allowed value, inclusive.
        grid: values that `python -m harness.tune` tries.
    """
    return field(
        default=default,
        metadata={"help": help, "minimum": minimum, "maximum": maximum, "grid": grid},
    )


@runtime_checkable
class InfersTask(Protocol):
    """A strategy that can answer under each task identity it has learned."""

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits of the inputs `x` under every learned task, shape (tasks learned, n, outputs)."""


@runtime_checkable
class HasFingerprints(InfersTask, Protocol):
    """A strategy that can tell whether what it has learned of a task is still the same.

    Offer it where old tasks are left as they are: then nothing is computed for them twice.
    """

    def logits_of_task(self, x: Tensor, task: int) -> Tensor:
        """Logits of the inputs `x` under learned task number `task` alone, shape (n, outputs)."""

    def fingerprint(self, task: int) -> bytes:
        """Digest of all that decides the logits under learned task number `task`."""


@runtime_checkable
class FindsTasks(Protocol):
    """A strategy that notices new tasks by itself and begins a mask for each."""

    @property
    def switches(self) -> Sequence[int]:
        """Number of the batch, from 0 over the whole stream, at which each mask was begun."""


@runtime_checkable
class InfersTaskInOneShot(Protocol):
    """A strategy that infers the task from one gradient over its masks (SupSup, Section 3.3)."""

    def infer_task_in_one_shot(self, x: Tensor) -> Tensor:
        """Index of the learned task inferred for each input alone, shape (n,), dtype int64."""


@runtime_checkable
class HasMasks(Protocol):
    """A strategy that assigns a subset of the weights to each task."""

    def masks(self) -> Mapping[str, Tensor]:
        """Per layer, which weights each learned task uses: bool, (tasks learned, *weight shape)."""
