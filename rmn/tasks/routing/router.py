"""The interface of task routers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from rmn.tasks.buffers import make_room


class AnswersPerTask(Protocol):
    """A network that can answer under each learned task."""

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits under every learned task, (tasks, n, outputs)."""

    def features_per_task(self, x: Tensor) -> Tensor:
        """What the last layer is given under every learned task, (tasks, n, d)."""


class Router(nn.Module, ABC):
    """Names the task of each input alone.

    Everything kept between tasks is in buffers, so that its bytes can be counted and
    `state_dict` saves it; a new router loads it whatever the number of tasks.

    Args:
        outputs: number of classes over all tasks.
    """

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.outputs = outputs

    @abstractmethod
    def begin_task(self) -> None:
        """The batches to come are the training data of a new task."""

    @abstractmethod
    def learn(self, x: Tensor, y: Tensor, network: AnswersPerTask) -> None:
        """Take a batch of the newest task's training data, each example once.

        Args:
            x: inputs, (n, ...).
            y: classes, (n,), int64.
            network: trained on the task already, in evaluation mode.
        """

    @abstractmethod
    def finish_task(self) -> None:
        """There are no more training data of the newest task."""

    @abstractmethod
    def scores(self, x: Tensor, network: AnswersPerTask) -> Tensor:
        """How well each input fits each task, (tasks, n); the largest names the task."""

    @property
    def bytes(self) -> int:
        """Bytes of everything it keeps."""
        return sum(buffer.untyped_storage().nbytes() for buffer in self.buffers())

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        make_room(self, dict(self.named_buffers(recurse=False)), state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *rest)


class ClassRouter(Router):
    """A router that tells classes apart on its own way to the task.

    What it answers without any network shows what the network adds to it.
    """

    @abstractmethod
    def class_scores(self, x: Tensor) -> Tensor:
        """How well each input fits each class of each task, (tasks, n, outputs)."""

    def scores(self, x: Tensor, network: AnswersPerTask) -> Tensor:
        """The best class of each task, (tasks, n)."""
        return self.class_scores(x).amax(-1)

    def answers(self, x: Tensor) -> Tensor:
        """The best task and its best class, (2, n), int64."""
        scores = self.class_scores(x)
        task = scores.amax(-1).argmax(0)
        best = scores[task, torch.arange(len(x), device=x.device)].argmax(-1)
        return torch.stack([task, best])


def appended(rows: Tensor, newest: Tensor) -> Tensor:
    """Rows (tasks, ...) and one more; empty rows take its shape and device."""
    return torch.cat([rows, newest[None]]) if rows.numel() else newest[None]
