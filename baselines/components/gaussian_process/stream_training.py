"""Functional regularisation by Gaussian processes on a stream without task labels."""

from __future__ import annotations

from typing import Any

import torch
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor

from baselines.components.gaussian_process.network import GaussianProcessNetwork
from baselines.components.gaussian_process.remembered_functions import RememberedFunctions
from baselines.components.reservoir import Reservoir
from baselines.components.task_network_training import TaskNetworkTraining
from rmn.unsupervised.switch_detection import BatchOutputs, SwitchDetector


class StreamInducingPointPlugin(SupervisedPlugin):
    """As `InducingPointPlugin`, for tasks whose boundaries it detects itself.

    Each batch is tested before it is learned. If it belongs to a new task, the live one is
    finished with inducing points that were drawn uniformly from its batches as they came.

    Args:
        detector: says whether a batch belongs to a new task.
        per_task: number of inducing points of a task.
        task_examples: examples that a task is taken to have, N of the loss.
        prior_variance: of the output layer's weights.
        jitter: what is added to the diagonal of kernels.
        seed: of what is drawn.

    Attributes:
        functions: of the finished tasks.
        kept: their inducing points, (n, ...) each.
        switches: number of the batch by which each task was begun.
    """

    def __init__(
        self,
        *,
        detector: SwitchDetector,
        per_task: int,
        task_examples: int,
        prior_variance: float,
        jitter: float,
        seed: int,
    ) -> None:
        super().__init__()
        self.detector = detector
        self.task_examples = task_examples
        self.functions = RememberedFunctions(prior_variance=prior_variance, jitter=jitter)
        self.reservoir = Reservoir(per_task, torch.Generator().manual_seed(seed))
        self.kept: list[Tensor] = []
        self.switches: list[int] = []
        self._batches_seen = 0

    @property
    def stored_examples(self) -> int:
        """Number of inducing points, those of the live task among them."""
        return sum(map(len, self.kept)) + len(self.reservoir.inputs)

    def before_training_iteration(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Look for a switch, and draw from the batch."""
        model: GaussianProcessNetwork = strategy.model
        if not self.switches:
            self._begin_task(model)
        elif self.detector.detect_switch(_outputs(model, strategy.mb_x, strategy.mb_y)):
            self.kept.append(self.reservoir.empty())
            self.functions.finish_task(model, self.kept)
            self._begin_task(model)
            strategy.optimizer.state.clear()  # as where boundaries are known
        self.reservoir.add(strategy.mb_x)
        self._batches_seen += 1

    def before_backward(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Add the divergences."""
        with torch.autocast(strategy.device.type, enabled=False):
            divergence = self.functions.divergence(strategy.model, self.kept)
        strategy.loss = strategy.loss + divergence / self.task_examples

    def _begin_task(self, model: GaussianProcessNetwork) -> None:
        model.begin_task(0, ())
        self.detector.reset()
        self.switches.append(self._batches_seen)


@torch.no_grad()
def _outputs(model: GaussianProcessNetwork, x: Tensor, y: Tensor) -> BatchOutputs:
    """What the live task's mean function says of a batch.

    Args:
        model: in training.
        x: inputs, (n, ...).
        y: classes, (n,).
    """
    model.eval()
    features = model.features(x, None)
    mean, _ = model.head.live()
    model.train()
    return BatchOutputs(features @ mean.T, y, features)


class StreamFunctionTraining(TaskNetworkTraining):
    """Fine-tuning of a `GaussianProcessNetwork` on a plain sequence of batches.

    Args:
        functions: detects tasks and holds features to those that were found.
        **arguments: as of any Avalanche strategy; the model is a `GaussianProcessNetwork`.
    """

    def __init__(self, *, functions: StreamInducingPointPlugin, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.functions = functions
        self.plugins.append(functions)

    @property
    def switches(self) -> list[int]:
        """Number of the batch by which each task was begun, from 0 over the whole stream."""
        return self.functions.switches

    def forward(self) -> Tensor:
        """Logits of the batch, (n, outputs), under the live task."""
        single = len(self.mb_x) == 1  # BatchNorm has no statistics of one example
        self.model.train(not single)
        logits = self.model.forward_task(self.mb_x, None)
        self.model.train()
        return logits
