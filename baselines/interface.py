"""What a method of comparison is, and what the harness may ask of it.

Nothing here imports torch or avalanche at run time: a method's settings must be known for `--help`
and for every error message, and both libraries take seconds to import.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate
    from torch import Tensor

    from baselines.context import Context
    from rmn.mapping.mask_statistics import MaskStatistics


class Requirement(StrEnum):
    """A condition of strict continual learning that is given up (paper, Supplement Table 1)."""

    REPLAY = "replays stored examples"
    HEAD_PER_TASK = "one output layer per task"
    NORM_PER_TASK = "one BatchNorm per task"
    PRETRAINED = "pretrained weights"
    GENERATIVE_REPLAY = "replays generated examples"
    SEVERAL_MODELS = "more than one model"
    ALL_TASKS_AT_ONCE = "sees all tasks at once"
    STATISTICS = "keeps statistics of the data to name tasks"
    TASK_IDENTITY = "uses the task identity when it is given at test"


class Supervision(StrEnum):
    """What a method needs to know of the tasks while it learns, from least to most."""

    NONE = "none"
    TASK_BOUNDARIES = "task boundaries"
    TASK_LABELS = "task labels"


class Role(StrEnum):
    """Why a method stands in a comparison; a benchmark compares some roles by default."""

    SUBJECT = "the method that the comparison is about"
    BOUND = "lower or upper bound"
    BASELINE = "established method"
    REPLAY = "replays examples"
    REFERENCE = "reference that readers expect"
    ROUTED = "another method with a task router"
    RELATED = "mask method related to the subject"


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
        requirements: conditions of strict continual learning given up; checked against what is
            observed.
        supervision: what it needs to know of the tasks while it learns; decides which streams it
            can be trained on.
        role: why it stands in a comparison; decides where it is compared by default.
        rule: how its task is inferred when it is not given, "" for methods without task identity.
        colour: of its curves, as hex digits like "#0173b2"; "" for one derived from its name.
        penalty_setting: name of the setting that is the strength of a penalty against forgetting,
            "" for none. At 0 the method is Naive, bit for bit, and at 1e12 the first task is kept.
        tuning_source: name of the method whose tuned settings it takes, "" for its own.
        counterpart: name of the method with task labels that it is held against on streams without
            them, "" for itself.
        paper_settings: by benchmark, the settings that the profile `paper` takes.
        check_settings: settings under which `python -m harness.check` trains it, on tasks of some
            hundred examples: for a method whose defaults hold what was learned too firmly, or
            learn too slowly, for so few. No comparison takes them.
        unsuited_networks: backbones (`harness.training.networks`) that the method is not defined
            for; it is refused on benchmarks that have one.
        adam_alone: whether it learns by Adam, as published, whichever optimizer the comparison
            asks for; it is refused where that is another one.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    reference: ClassVar[str]
    version: ClassVar[int] = 1
    requirements: ClassVar[frozenset[Requirement]] = frozenset()
    supervision: ClassVar[Supervision] = Supervision.TASK_BOUNDARIES
    role: ClassVar[Role] = Role.BASELINE
    rule: ClassVar[str] = ""
    colour: ClassVar[str] = ""
    penalty_setting: ClassVar[str] = ""
    tuning_source: ClassVar[str] = ""
    counterpart: ClassVar[str] = ""
    paper_settings: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    check_settings: ClassVar[Mapping[str, Any]] = {}
    unsuited_networks: ClassVar[frozenset[str]] = frozenset()
    adam_alone: ClassVar[bool] = False

    @property
    def default_rule(self) -> str:
        """The rule whose accuracy stands for the method where no identity is given."""
        return self.rule

    def check_stream(self, tasks: int) -> None:  # noqa: B027 -- most methods take any stream
        """Refuse a stream that the settings do not allow; called before any training.

        Args:
            tasks: number of tasks in the stream.

        Raises:
            ValueError: says which setting to change, and to what.
        """

    @abstractmethod
    def build(self, context: Context) -> SupervisedTemplate:
        """An Avalanche strategy ready to train on the stream's first experience."""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers that tuning searches on a logarithmic scale, to begin with.

    Tuning goes beyond an end where the best value is the outermost of those that were tried.

    Attributes:
        low: smallest, above 0.
        high: largest, above `low`.

    Raises:
        ValueError: there is nothing between the ends, or no logarithm of them.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high:
            raise ValueError(
                f"{self.low:g} to {self.high:g} is no range; give two numbers above 0, the smaller "
                "one first"
            )


@dataclass(frozen=True, slots=True)
class Choices:
    """Values that tuning searches, in no order.

    Attributes:
        values: distinct ones, two at least.
        beyond: numbers beyond the smallest or the largest of them, tried where that is the best.

    Raises:
        ValueError: there are fewer, one is there twice, or one of `beyond` lies between them.
    """

    values: tuple[Any, ...]
    beyond: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.values) < 2 or len(set(self.values)) < len(self.values):
            raise ValueError(f"{list(self.values)} are not two or more distinct values")
        inside = [one for one in self.beyond if min(self.values) <= one <= max(self.values)]
        if inside:
            raise ValueError(f"{inside} are not beyond {list(self.values)}")


def setting(
    default: Any,
    help: str,  # noqa: A002 - argparse's own word
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    search: Range | Choices | None = None,
    later: bool = False,
) -> Any:
    """A field of a `Baseline`.

    Args:
        default: value when neither tuned nor given.
        help: one line for the command line: what it does, its unit, its source.
        minimum: smallest allowed value, inclusive.
        maximum: largest allowed value, inclusive.
        search: what `python -m harness.tune` searches, with the default in it; None: not tuned.
        later: the setting came after the first results, and its default is what the method did
            before: at that value it is no part of a run's identity, so that finished runs count on.
    """
    metadata = {"help": help, "minimum": minimum, "maximum": maximum, "search": search}
    return field(default=default, metadata={**metadata, "later": later})


@runtime_checkable
class InfersTask(Protocol):
    """A strategy that can compute its logits under each task that it has learned."""

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits of the inputs `x` under every learned task, shape (tasks learned, n, outputs)."""


@runtime_checkable
class HasFingerprints(InfersTask, Protocol):
    """A strategy that can tell whether what it has learned of a task is still the same.

    Offer it where old tasks are left as they are: then nothing is computed for them twice.
    """

    def logits_of_task(self, x: Tensor, task: int) -> Tensor:
        """Logits of the inputs `x` under learned task number `task` alone, shape (n, outputs).

        Args:
            x: inputs, shape (n, ...).
            task: number of the learned task, from 0.
        """

    def fingerprint(self, task: int) -> bytes:
        """Digest of all that decides the logits under learned task number `task`."""


@runtime_checkable
class HasInferenceTensors(Protocol):
    """A strategy whose predictions need less, or more, than its model's parameters and buffers."""

    def inference_tensors(self) -> Sequence[Tensor]:
        """All tensors that predictions are made from, and nothing that only learning needs."""


@runtime_checkable
class DetectsTasks(Protocol):
    """A strategy that detects new tasks by itself and begins a mask for each."""

    @property
    def switches(self) -> Sequence[int]:
        """Number of the batch, from 0 over the whole stream, at which each mask was begun."""


@runtime_checkable
class KeepsExamples(Protocol):
    """A part of a strategy that keeps examples as tensors, and not in an Avalanche data set."""

    @property
    def stored_examples(self) -> int:
        """Number of examples that it keeps now."""


@runtime_checkable
class InfersTaskInOneShot(Protocol):
    """A strategy that infers the task from one gradient over its masks (SupSup, Section 3.3)."""

    def infer_task_in_one_shot(self, x: Tensor) -> Tensor:
        """Index of the learned task inferred for each input alone, shape (n,), dtype int64."""


@runtime_checkable
class InfersTaskByHalving(Protocol):
    """A strategy that halves the candidate tasks by gradients over its masks (SupSup, 3.3)."""

    def infer_task_by_halving(self, x: Tensor) -> Tensor:
        """Index of the learned task inferred for each input alone, shape (n,), dtype int64."""


@runtime_checkable
class HasMasks(Protocol):
    """A strategy that assigns a subset of the weights to each task."""

    def masks(self) -> Mapping[str, Tensor]:
        """Per layer, which weights each learned task uses: bool, (tasks learned, *weight shape)."""


@runtime_checkable
class HasRelevances(HasMasks, Protocol):
    """A strategy whose masks are relevances that are rounded when a task has been learned."""

    def newest_logits(self, x: Tensor, *, rounded: bool) -> Tensor:
        """Logits of the inputs `x` under the mask learned last, shape (n, outputs).

        Args:
            x: inputs, shape (n, ...).
            rounded: whether its relevances are rounded, as they are stored, or as they were
                trained.
        """

    def mask_statistics(self) -> Mapping[str, Sequence[MaskStatistics]]:
        """Per layer, how decided each of `masks` was when it was rounded."""
