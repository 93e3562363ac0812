"""Layers with one weight, of which each task uses a part."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rmn.mapping.mask_packing import pack, unpack
from rmn.tasks.convolution import Convolution
from rmn.tasks.layers import TaskLayer


class MaskedLayer(TaskLayer):
    """A linear layer or a 2-d convolution without bias, with a mask on its weight for each task.

    Weights that finished tasks use are held: `restore` undoes what an optimizer did to them, since
    Adam's moments move weights whose gradient is zero.

    Args:
        layer: gives the weight and the kind of layer; its bias is dropped.

    Attributes:
        weight: shared by all tasks.
        packed: masks of the finished tasks as bits, uint8, (tasks, ceil(numel / 8)).
        open: which outputs the live task has, bool, (outputs,); all, but for an output layer in
            which tasks have outputs of their own.
    """

    task_buffer: ClassVar[str] = "packed"
    packed: Tensor
    open: Tensor

    def __init__(self, layer: nn.Linear | nn.Conv2d) -> None:
        super().__init__()
        self.weight = layer.weight
        self.convolution = Convolution.of(layer) if isinstance(layer, nn.Conv2d) else None
        every = torch.ones_like(layer.weight, dtype=torch.bool)
        self.register_buffer("packed", pack(every)[None][:0])
        self.register_buffer("open", every.flatten(1)[:, 0].clone())
        # None where nothing is held; in floating point, to multiply by
        self._free: Tensor | None = None
        self._held: Tensor | None = None

    @abstractmethod
    def live_mask(self) -> Tensor:
        """The weights that the live task uses, bool, in the shape of `weight`."""

    @abstractmethod
    def live_weight(self) -> Tensor:
        """The weight under the live mask, with gradients for all that the task learns."""

    def masks(self) -> Tensor:
        """Masks of the finished tasks, bool, (tasks, *weight shape)."""
        masks = [self._mask(task) for task in range(len(self.packed))]
        return torch.stack(masks) if masks else self.live_mask()[None][:0]

    def masked_weight(self, task: int | None) -> Tensor:
        """The weight under one task, in its shape.

        Args:
            task: index of a finished task; None for the live task.
        """
        return self.live_weight() if task is None else self.weight * self._mask(task)

    def forward_task(self, x: Tensor, task: int | None) -> Tensor:
        """Output under one task, (n, out) or (n, out, height, width).

        Args:
            x: inputs, (n, in) or (n, in, height, width).
            task: index of a finished task; None for the live task.
        """
        weight = self.masked_weight(task)
        return F.linear(x, weight) if self.convolution is None else self.convolution(x, weight)

    def forward_mixture(self, x: Tensor, weights: Tensor) -> Tensor:
        """The weighted sum of the tasks' outputs.

        Args:
            x: inputs, (n, ...).
            weights: mixture weights, the same row for each input, (n, tasks).
        """
        if self.convolution is not None:
            output = self.convolution.mixture(x, weights, self.masked_weight)
            if output is not None:
                return output
        return super().forward_mixture(x, weights)

    def task_tensors(self, task: int) -> list[Tensor]:
        """A finished task's mask, and the weights that it uses."""
        return [*super().task_tensors(task), self.weight[self._mask(task)]]

    def inference_tensors(self, *, live: bool) -> list[Tensor]:
        """The masks as bits, and the weight.

        Args:
            live: whether to add the live mask.
        """
        return [*super().inference_tensors(live=live), self.weight]

    def begin_task(self) -> None:
        """Open all outputs, and hold the weights that finished tasks use."""
        self.open.fill_(True)
        if len(self.packed):
            self.hold(self.masks().any(0))

    def open_outputs(self, outputs: Sequence[int]) -> None:
        """Close all outputs but these for the live task."""
        self.open.fill_(False)
        self.open[list(outputs)] = True

    @torch.no_grad()
    def hold(self, entries: Tensor) -> None:
        """Hold weights at their values until the task is finished.

        Args:
            entries: which, bool, in the shape of `weight`.
        """
        self._free = (~entries).to(self.weight.dtype)
        self._held = self.weight * entries

    @torch.no_grad()
    def restore(self) -> None:
        """Undo what the optimizer did to the weights that are held."""
        if self._free is not None and self._held is not None:
            torch.addcmul(self._held, self.weight, self._free, out=self.weight.data)

    def live_row(self) -> Tensor:
        """The live mask as bits, uint8, (ceil(numel / 8),)."""
        return pack(self.live_mask())

    def finish_task(self) -> None:
        """Append the live mask to those of the finished tasks."""
        super().finish_task()
        self._free = self._held = None

    def open_weights(self) -> Tensor:
        """The weights of the open outputs, bool, in the shape of `weight`."""
        return self.open.view(-1, *(1,) * (self.weight.dim() - 1)).expand_as(self.weight)

    def _mask(self, task: int) -> Tensor:
        return unpack(self.packed[task], self.weight.numel()).view(self.weight.shape)


class OwnOutputsLayer(MaskedLayer):
    """An output layer in which each task has outputs of its own: a head per task, in one layer.

    All weights of a task's outputs are its own and are trained, as those of a head are.
    """

    def live_mask(self) -> Tensor:
        """The weights of the open outputs."""
        return self.open_weights()

    def live_weight(self) -> Tensor:
        """The weight, zero for the outputs of other tasks."""
        return self.weight * self.open_weights()
