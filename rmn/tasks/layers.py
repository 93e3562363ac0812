"""Layers with one relevance mapping, or one BatchNorm, per task.

Each layer has one live set of parameters, those of the task being learned, so that an optimizer
made once stays valid; finished tasks are kept beside it as buffers. `task` selects what a layer
computes: None for the live task, an index for a finished one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rmn.tasks.buffers import make_room
from rmn.tasks.mixture import mixed


class TaskLayer(nn.Module, ABC):
    """A layer that computes something else for each task.

    Attributes:
        task: the finished task whose function is computed; None for the live one.
        per_task: name of the buffer that grows by one row with each finished task.
        mixture: weights of the finished tasks, a row of the same ones for each input, (n, tasks);
            when it is set, the layer computes the weighted sum of the tasks' outputs (SupSup,
            Section 3.3), and the gradient of a row is that of its input alone.
    """

    per_task: ClassVar[str] = "finished"

    def __init__(self) -> None:
        super().__init__()
        self.task: int | None = None
        self.mixture: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        """The layer's output under the selected task or mixture."""
        return self.compute(x, self.task) if self.mixture is None else self.mix(x, self.mixture)

    def mix(self, x: Tensor, weights: Tensor) -> Tensor:
        """The sum of the finished tasks' outputs with the weights (n, tasks) of `mixture`."""
        weights = weights.reshape(*weights.shape, *(1,) * (x.dim() - 1))
        outputs = [weights[:, task] * self.compute(x, task) for task in range(weights.shape[1])]
        return torch.stack(outputs).sum(0)

    @abstractmethod
    def compute(self, x: Tensor, task: int | None) -> Tensor:
        """The output under one task."""

    def kept(self, task: int) -> list[Tensor]:
        """All that decides the output under a finished task."""
        return [self.get_buffer(self.per_task)[task]]

    @abstractmethod
    def begin_task(self) -> None:
        """Make the live parameters fresh for a new task."""

    @abstractmethod
    def finish_task(self) -> None:
        """Keep the live task for good."""

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        make_room(self, [self.per_task], state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *rest)


class TaskBatchNorm(TaskLayer):
    """One set of BatchNorm statistics, scales and shifts per task.

    Attributes:
        live: the BatchNorm of the task being learned.
        finished: scale, shift, running mean and running variance of the finished tasks,
            shape (tasks, 4, channels).
    """

    finished: Tensor

    def __init__(self, norm: nn.modules.batchnorm._BatchNorm) -> None:
        super().__init__()
        self.live = norm
        assert norm.running_mean is not None
        self.register_buffer("finished", norm.running_mean.new_empty(0, 4, norm.num_features))

    def compute(self, x: Tensor, task: int | None) -> Tensor:
        """The output under one task; only the live one ever updates its statistics."""
        if task is None:
            output: Tensor = self.live(x)
            return output
        weight, bias, mean, variance = self.finished[task]
        return F.batch_norm(x, mean, variance, weight, bias, training=False, eps=self.live.eps)

    def mix(self, x: Tensor, weights: Tensor) -> Tensor:
        """The sum of the finished tasks' outputs as one scale and shift per channel."""
        weight, bias, mean, variance = self.finished.unbind(1)
        scale = weight / (variance + self.live.eps).sqrt()
        shift = bias - mean * scale

        def gradient(given: Tensor, of_output: Tensor) -> Tensor:
            by_scale = (of_output * given)[..., None].flatten(2).sum(-1) @ scale.T
            return by_scale + of_output[..., None].flatten(2).sum(-1) @ shift.T

        over_tasks, channels = weights[0].detach(), (-1, *(1,) * (x.dim() - 2))
        output = x * (over_tasks @ scale).reshape(channels)
        output = output + (over_tasks @ shift).reshape(channels)
        return mixed(x, output, weights, gradient)

    def begin_task(self) -> None:
        """Reset statistics, scale and shift."""
        self.live.reset_parameters()

    @torch.no_grad()
    def finish_task(self) -> None:
        """Keep the live statistics, scale and shift for good."""
        norm = self.live
        mean, variance = norm.running_mean, norm.running_var
        assert mean is not None
        assert variance is not None
        values = torch.stack([norm.weight, norm.bias, mean, variance])
        self.finished = torch.cat([self.finished, values[None]])


class TaskHead(TaskLayer):
    """One output layer per task; x: (n, in) -> (n, outputs)."""

    finished: Tensor

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        there = layer.weight.device
        self.live = nn.Linear(layer.in_features, layer.out_features, bias=False, device=there)
        self.live.weight.data.copy_(layer.weight)
        self.register_buffer("finished", self.live.weight.new_empty(0, *layer.weight.shape))

    def compute(self, x: Tensor, task: int | None) -> Tensor:
        """Logits under one task."""
        return F.linear(x, self.live.weight if task is None else self.finished[task])

    def begin_task(self) -> None:
        """Draw fresh weights."""
        self.live.reset_parameters()

    @torch.no_grad()
    def finish_task(self) -> None:
        """Keep the live weights."""
        self.finished = torch.cat([self.finished, self.live.weight[None]])
