"""What a method is given to build its strategy from.

torch and avalanche are imported when a strategy is built: `baselines.registry` imports every module
of this package only to know the methods' names and settings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch
    from avalanche.training.plugins import SupervisedPlugin
    from torch import nn


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
    plugins: tuple[SupervisedPlugin, ...] = ()
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
