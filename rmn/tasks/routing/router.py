"""The interface of task routers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from rmn.tasks.buffers import resize_buffers


class OutputsPerTask(Protocol):
    """A network whose logits and features can be computed under each learned task."""

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits of inputs x (n, ...) under every learned task, (tasks, n, outputs)."""

    def features_per_task(self, x: Tensor) -> Tensor:
        """Inputs of the last layer under every learned task, (tasks, n, d)."""


class Router(nn.Module, ABC):
    """Infers the task of each input alone.

    Everything that is stored between tasks is in buffers, so that its size can be measured and
    `state_dict` saves it; a new router loads it whatever the number of tasks.

    Args:
        outputs: number of classes over all tasks.
    """

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.outputs = outputs

    def check_inputs(self, x: Tensor) -> None:
        """Refuse inputs that no statistics of this kind can be taken of; none by default.

        Args:
            x: inputs, (n, ...).

        Raises:
            ValueError: says which router to use.
        """

    @abstractmethod
    def begin_task(self) -> None:
        """Begin a new task: the next batches are its training data."""

    @abstractmethod
    def partial_fit(self, x: Tensor, y: Tensor, network: OutputsPerTask) -> None:
        """Add a batch of the newest task's training data; each example is given once.

        Args:
            x: inputs, (n, ...).
            y: classes, (n,), int64.
            network: a network in evaluation mode that has finished the task.
        """

    @abstractmethod
    def finish_task(self) -> None:
        """End the newest task: store its statistics."""

    @abstractmethod
    def scores(self, x: Tensor, network: OutputsPerTask) -> Tensor:
        """Score of each task for each input; the task with the highest one is inferred.

        Args:
            x: inputs, (n, ...).
            network: a network in evaluation mode that has finished the same tasks.

        Returns:
            Scores, (tasks, n).
        """

    def inference_tensors(self) -> list[Tensor]:
        """The tensors that scores are made from, without what only another task needs."""
        return list(self.buffers())

    @property
    def bytes(self) -> int:
        """Size in bytes of everything that is stored."""
        return sum(buffer.untyped_storage().nbytes() for buffer in self.buffers())

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        resize_buffers(self, dict(self.named_buffers(recurse=False)), state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *rest)


class ClassRouter(Router):
    """A router that scores the classes of each task, and the task by its best class.

    Its own predictions, made without any network, show what the network adds to them.
    """

    @abstractmethod
    def predict(self, x: Tensor) -> Tensor:
        """The best task of inputs x (n, ...) and its best class, (2, n), int64."""


def refuse_tokens(x: Tensor) -> None:
    """Refuse inputs that are numbers of tokens, of which sums and products say nothing.

    Args:
        x: inputs, (n, ...).

    Raises:
        ValueError: names routers that look at what the network makes of them.
    """
    if not x.is_floating_point():
        raise ValueError(
            f"this router takes sums of the inputs, which are numbers of tokens ({x.dtype}); use "
            "feature-gaussian or calibrated-logit"
        )


def append_rows(rows: Tensor, new: Tensor) -> Tensor:
    """Append rows to those of earlier tasks; empty rows take their shape and device.

    Args:
        rows: (k, ...), or empty with any shape.
        new: (j, ...).

    Returns:
        (k + j, ...).
    """
    return torch.cat([rows, new]) if rows.numel() else new
