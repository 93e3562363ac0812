"""What of a run is logged while it is made: losses of epochs, and accuracies after tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from avalanche.training.plugins import SupervisedPlugin
from torch import Tensor

from harness.experiment.progress import ProgressTracker
from harness.storage.schema import CLASSES_SEEN, Row
from harness.tracking.logger import Log

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate


class LossCurve(SupervisedPlugin):
    """Logs the mean loss and the learning rate of each epoch.

    It is among the plugins of every run, so that one that goes on may be logged otherwise.

    Args:
        tracker: knows how many epochs have been trained.
        log: receives the values; None for nobody.
    """

    def __init__(self, tracker: ProgressTracker, log: Log | None = None) -> None:
        super().__init__()
        self.tracker = tracker
        self.log = log
        self._sum: Tensor | None = None  # none between epochs: it is no memory of the method
        self._steps = 0

    def before_training_epoch(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Begin a sum."""
        self._sum, self._steps = None, 0

    def after_training_iteration(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Add the loss of a step; nothing waits for its value."""
        if self.log is not None:
            loss = strategy.loss.detach().mean()
            self._sum = loss if self._sum is None else self._sum + loss
            self._steps += 1

    def after_training_epoch(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Log the epoch."""
        if self.log is not None:
            values = {
                "train/loss": float(0 if self._sum is None else self._sum) / max(1, self._steps),
                "train/learning rate": strategy.optimizer.param_groups[0]["lr"],
            }
            step = self.tracker.epochs_before + strategy.clock.train_exp_epochs + 1
            self.log(values, step)
        self._sum = None


def accuracies(rows: Iterable[Row], rule: str) -> dict[str, float]:
    """The accuracies that were measured after a task, and their mean.

    Args:
        rows: measured after it.
        rule: by which the method infers tasks where none is given; "" for none.
    """
    wanted = {"", rule or CLASSES_SEEN}
    found = {
        f"test/accuracy on task {row['task']}": row["value"]
        for row in rows
        if row["metric"] == "accuracy" and row.get("rule", "") in wanted
    }
    return {**found, "test/average accuracy": sum(found.values()) / len(found)} if found else {}
