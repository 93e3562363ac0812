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


Norm = Literal["per-task", "shared", "none", "group"]
"""Normalisation of a network: a BatchNorm for each task, or one for all; none; or GroupNorm and
LayerNorm without parameters."""


@dataclass(frozen=True)
class Context:
    """What a method is given to build its strategy; the same for every method of a comparison.

    Attributes:
        network: makes the benchmark's backbone, freshly initialised from the run's seed. It has
            BatchNorms if the norm is per-task or shared.
        outputs: width of the backbone's output.
        tasks: number of tasks in the stream. A strict method must not look at it.
        epochs: passes over the training data of each task.
        batch_size: examples per optimizer step.
        learning_rate: of the optimizer, for methods whose publication does not demand another one.
        device: where the model and the data live.
        seed: of the run; torch is already seeded with it when `build` is called.
        plugins: Avalanche plugins of the harness's own; pass them on unchanged.
        shared_plugins: those of them that another strategy which the method trains beside its own,
            such as a generator's, takes as well: the others look at the method itself.
        norm: normalisation of every method's network; per-task is for the method to bring about,
            which `model` does.
        head: whether all tasks share one output layer or have one each.
        task_outputs: outputs of each task's classes, where tasks have outputs of their own; empty
            where they share them.
        loss: which outputs a loss is over: all; of task_outputs those of the example's own task, or
            of all tasks seen so far.
        optimizer: Adam, or plain stochastic gradient descent.
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
    shared_plugins: tuple[SupervisedPlugin, ...] = ()
    norm: Norm = "shared"
    head: Literal["shared", "per-task"] = "shared"
    task_outputs: tuple[tuple[int, ...], ...] = ()
    loss: Literal["all", "own", "seen"] = "all"
    optimizer: Literal["adam", "sgd"] = "adam"

    @property
    def batch_norm(self) -> Literal["per-task", "shared"]:
        """Whether the BatchNorms that the network may have are one for each task, or for all."""
        return "per-task" if self.norm == "per-task" else "shared"

    def model(self) -> nn.Module:
        """What a method without masks trains: the backbone, with what it has for each task."""
        from baselines.components.per_task import (
            PerTaskNetwork,
            with_batch_norm_per_task,
            with_head_per_task,
        )

        model = self.network()
        if self.norm == "per-task":
            model = with_batch_norm_per_task(model)
        if self.head == "per-task":
            model = with_head_per_task(model)
        per_task = "per-task" in (self.norm, self.head)
        return PerTaskNetwork(model) if per_task else model

    def criterion(self) -> nn.Module:
        """The loss of logits (n, outputs) and classes (n,): cross-entropy, a scalar."""
        from torch.nn import CrossEntropyLoss

        from baselines.components.losses import OutputsSeen, OwnOutputs

        if self.loss == "all":
            return CrossEntropyLoss()
        kind = OwnOutputs if self.loss == "own" else OutputsSeen
        return kind(self.task_outputs, self.outputs, self.device)

    def make_optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        """The optimizer of the comparison, fused, at the benchmark's learning rate."""
        import torch

        kind = torch.optim.SGD if self.optimizer == "sgd" else torch.optim.Adam
        return kind(model.parameters(), lr=self.learning_rate, fused=True)

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
