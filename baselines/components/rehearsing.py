"""What methods that rehearse stored examples declare. Nothing here imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from baselines.interface import Baseline, Requirement, Role, setting

if TYPE_CHECKING:
    from baselines.context import Context


@dataclass(frozen=True, slots=True)
class MemoryBudget:
    """Which examples of a task are kept.

    Attributes:
        per_task: examples kept of each task; of one with fewer, all.
        per_class: examples kept of each class of a task instead; None for `per_task`.
        seed: of what is kept and drawn.
        in_all: examples kept in all instead, of each task so far as many, so that up to one place
            a task stays empty; None for `per_task`.
    """

    per_task: int
    per_class: int | None
    seed: int
    in_all: int | None = None

    def of_task(self, task: int) -> int:
        """Examples that are kept of each task when so many tasks were learned, counted from 1."""
        return self.per_task if self.in_all is None else max(1, self.in_all // task)


@dataclass(frozen=True)
class RehearsingBaseline(Baseline):
    """A method that keeps so many examples of each task, drawn at random when it was learned.

    The profile `paper` has the budgets of the paper's tables: 40 examples a task on Split-MNIST,
    200 on Permuted-MNIST, three a character on Sequential Omniglot.
    """

    role: ClassVar[Role] = Role.REPLAY
    requirements: ClassVar[frozenset[Requirement]] = frozenset({Requirement.REPLAY})
    paper_settings: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "split_mnist": {"per_task": 40},
        "split_omniglot": {"per_class": 3},
    }

    per_task: int = setting(200, "examples stored of each task", minimum=1)
    per_class: int | None = setting(
        None, "examples stored of each class of a task instead; none: per_task", minimum=1
    )

    in_all: int | None = setting(
        None,
        "at most so many examples stored in all instead, of each task as many; none: per_task",
        minimum=1,
    )

    def __post_init__(self) -> None:
        if self.per_class is not None and self.in_all is not None:
            raise ValueError("per_class and in_all both say how many are stored; give one of them")

    def check_stream(self, tasks: int) -> None:
        """Refuse a memory with fewer places than tasks."""
        if self.in_all is not None and self.in_all < tasks:
            raise ValueError(
                f"in_all={self.in_all} has no place for an example of each of {tasks} tasks; give "
                f"at least {tasks}"
            )

    def memory_budget(self, context: Context) -> MemoryBudget:
        """What its plugin keeps in a comparison."""
        return MemoryBudget(self.per_task, self.per_class, context.seed, self.in_all)
