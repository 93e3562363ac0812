"""Layers that compute another function for each task, with one buffer that has a row per task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rmn.tasks.buffers import resize_buffers
from rmn.tasks.mixture import mix_scales_and_shifts
from rmn.tasks.task_module import TaskModule


class TaskLayer(TaskModule, ABC):
    """A layer whose finished tasks are the rows of one buffer.

    Attributes:
        task_buffer: name of the buffer that grows by one row with each finished task.
    """

    task_buffer: ClassVar[str] = "finished"

    def forward(self, x: Tensor) -> Tensor:
        """Output (n, ...) for inputs x (n, ...) under the selected task or mixture."""
        if self.mixture is None:
            return self.forward_task(x, self.task)
        return self.forward_mixture(x, self.mixture)

    @abstractmethod
    def forward_task(self, x: Tensor, task: int | None) -> Tensor:
        """Output under one task.

        Args:
            x: inputs, (n, ...).
            task: index of a finished task; None for the live task.
        """

    def task_tensors(self, task: int) -> list[Tensor]:
        """All tensors that determine the output under a finished task."""
        return [self.get_buffer(self.task_buffer)[task]]

    def inference_tensors(self, *, live: bool) -> list[Tensor]:
        """All tensors that the outputs of all tasks are made from.

        Args:
            live: whether to add what `finish_task` would store of the live task.
        """
        return [self.get_buffer(self.task_buffer), *([self.live_row()] if live else [])]

    @abstractmethod
    def live_row(self) -> Tensor:
        """What determines the live task's output once it is finished, a row of `task_buffer`."""

    @torch.no_grad()
    def finish_task(self) -> None:
        """Append the live task to the finished ones."""
        finished = self.get_buffer(self.task_buffer)
        setattr(self, self.task_buffer, torch.cat([finished, self.live_row()[None]]))

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        resize_buffers(self, [self.task_buffer], state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *rest)


class TaskBatchNorm(TaskLayer):
    """BatchNorm with statistics, scales and shifts for each task; x: (n, channels, ...).

    Args:
        norm: becomes the BatchNorm of the live task; with affine parameters and running statistics.

    Attributes:
        live: the BatchNorm of the live task.
        finished: scale, shift, running mean and running variance of the finished tasks,
            (tasks, 4, channels).
    """

    finished: Tensor

    def __init__(self, norm: nn.modules.batchnorm._BatchNorm) -> None:
        super().__init__()
        self.live = norm
        assert norm.running_mean is not None
        self.register_buffer("finished", norm.running_mean.new_empty(0, 4, norm.num_features))

    def forward_task(self, x: Tensor, task: int | None) -> Tensor:
        """Normalised inputs, (n, channels, ...); only the live task updates running statistics."""
        if task is None:
            output: Tensor = self.live(x)
            return output
        weight, bias, mean, variance = self.finished[task]
        return F.batch_norm(x, mean, variance, weight, bias, training=False, eps=self.live.eps)

    def forward_mixture(self, x: Tensor, weights: Tensor) -> Tensor:
        """The weighted sum of the tasks' outputs as one scale and shift per channel."""
        weight, bias, mean, variance = self.finished.unbind(1)
        scale = weight / (variance + self.live.eps).sqrt()
        return mix_scales_and_shifts(x, weights, scale, bias - mean * scale)

    def begin_task(self) -> None:
        """Reset the live statistics, scale and shift."""
        self.live.reset_parameters()

    @torch.no_grad()
    def live_row(self) -> Tensor:
        """The live scale, shift, running mean and running variance, (4, channels)."""
        norm = self.live
        mean, variance = norm.running_mean, norm.running_var
        assert mean is not None
        assert variance is not None
        return torch.stack([norm.weight, norm.bias, mean, variance])


class TaskHead(TaskLayer):
    """One output layer without bias per task; x: (n, in) -> (n, outputs).

    Args:
        layer: gives the shape, the device and the first weights; its bias is dropped.

    Attributes:
        live: the output layer of the live task.
        finished: weights of the finished tasks, (tasks, outputs, in).
    """

    finished: Tensor

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        device = layer.weight.device
        self.live = nn.Linear(layer.in_features, layer.out_features, bias=False, device=device)
        self.live.weight.data.copy_(layer.weight)
        self.register_buffer("finished", self.live.weight.new_empty(0, *layer.weight.shape))

    def forward_task(self, x: Tensor, task: int | None) -> Tensor:
        """Logits under one task, (n, outputs)."""
        return F.linear(x, self.live.weight if task is None else self.finished[task])

    def begin_task(self) -> None:
        """Initialise the live weights anew."""
        self.live.reset_parameters()

    def live_row(self) -> Tensor:
        """The live weights, (outputs, in)."""
        return self.live.weight
