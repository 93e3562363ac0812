"""Where a run is: told by the worker that makes it, shown by the parent. No torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """Where a run is.

    Attributes:
        done: epochs that are trained.
        total: epochs of the whole run.
        doing: what goes on now, such as "task 2/5, epoch 1/3".
    """

    done: int
    total: int
    doing: str

    @property
    def share(self) -> float:
        """Share of the epochs that are trained."""
        return self.done / self.total


@dataclass(frozen=True, slots=True)
class Stage:
    """What one call of `train` learns.

    Attributes:
        name: such as "task 2/5".
        epochs: passes over its data.
    """

    name: str
    epochs: int


class Course:
    """Follows a run through its stages and reports each step.

    Args:
        stages: in the order of training.
        report: is told where the run is, whenever that changes.
    """

    def __init__(self, stages: Sequence[Stage], report: Callable[[Position], None]) -> None:
        self.stages = stages
        self._report = report
        self._total = sum(stage.epochs for stage in stages)
        self._before = 0
        self._here = Stage("untrained", 0)
        self._told: Position | None = None

    def begin(self, stage: Stage) -> None:
        """The stage's first epoch begins."""
        self._before += self._here.epochs
        self._here = stage
        self.trained(0)

    def trained(self, epochs: int) -> None:
        """So many epochs of the stage are over; what follows the last one is testing."""
        more = epochs < self._here.epochs
        self._tell(epochs, f"epoch {epochs + 1}/{self._here.epochs}" if more else "testing")

    def tested(self, task: int) -> None:
        """A measure of a task, counted from 1, is taken after the stage."""
        self._tell(self._here.epochs, f"testing on task {task}")

    def _tell(self, epochs: int, doing: str) -> None:
        doing = f"{self._here.name}, {doing}"
        position = Position(self._before + epochs, self._total, doing)
        if position != self._told:
            self._told = position
            self._report(position)
