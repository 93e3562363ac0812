"""How far a run is: reported by whoever makes it, shown by whoever waits for it. No torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is.

    Attributes:
        done: epochs that are trained.
        total: epochs of the whole run.
        doing: what goes on now, such as "task 2/5, epoch 1/3".
    """

    done: int
    total: int
    doing: str

    @property
    def fraction(self) -> float:
        """Fraction of the epochs that are trained, 0 to 1."""
        return self.done / self.total


@dataclass(frozen=True, slots=True)
class TrainingStage:
    """What one call of a strategy's `train` learns.

    Attributes:
        name: such as "task 2/5".
        epochs: passes over its data.
    """

    name: str
    epochs: int


class ProgressTracker:
    """Follows a run through its training stages and reports each step.

    Args:
        stages: in the order of training.
        report: receives the progress whenever it changes.
    """

    def __init__(
        self, stages: Sequence[TrainingStage], report: Callable[[RunProgress], None]
    ) -> None:
        self.stages = stages
        self._report = report
        self._total = sum(stage.epochs for stage in stages)
        self._before = 0
        self._stage = TrainingStage("untrained", 0)
        self._reported: RunProgress | None = None

    @property
    def doing(self) -> str:
        """What goes on now, such as "task 2/5, epoch 1/3"; "" before anything does."""
        return self._reported.doing if self._reported else ""

    @property
    def epochs_before(self) -> int:
        """Epochs that were trained before the present stage."""
        return self._before

    @property
    def epochs(self) -> int:
        """Epochs that are trained when the present stage is over."""
        return self._before + self._stage.epochs

    def skip(self, stage: TrainingStage) -> None:
        """The stage was trained and measured before."""
        self._before += self._stage.epochs
        self._stage = stage

    def begin(self, stage: TrainingStage) -> None:
        """The stage's first epoch begins."""
        self._before += self._stage.epochs
        self._stage = stage
        self.trained(0)

    def trained(self, epochs: int) -> None:
        """So many epochs of the stage are over; what follows the last one is testing."""
        more = epochs < self._stage.epochs
        self._update(epochs, f"epoch {epochs + 1}/{self._stage.epochs}" if more else "testing")

    def tested(self, task: int) -> None:
        """A measurement of a task, counted from 1, is taken after the stage."""
        self._update(self._stage.epochs, f"testing on task {task}")

    def _update(self, epochs: int, doing: str) -> None:
        progress = RunProgress(self._before + epochs, self._total, f"{self._stage.name}, {doing}")
        if progress != self._reported:
            self._reported = progress
            self._report(progress)
