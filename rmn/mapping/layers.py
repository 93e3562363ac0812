"""Linear and convolution layers whose weights are multiplied by a relevance mapping per task."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rmn.mapping.mappings import RelevanceMappings
from rmn.mapping.mask_packing import pack, unpack
from rmn.tasks.convolution import Convolution
from rmn.tasks.layers import TaskLayer


class RelevanceLayer(TaskLayer):
    """A layer without bias whose weight is multiplied by a relevance mapping per task.

    Args:
        group: stores the values of this layer and perhaps of others.
        index: index of this layer in the group.

    Attributes:
        packed: masks of the finished tasks as bits, in the order in which the weight is stored,
            uint8, (tasks, ceil(numel / 8)).
    """

    task_buffer: ClassVar[str] = "packed"
    group: RelevanceMappings
    packed: Tensor

    def __init__(self, group: RelevanceMappings, index: int) -> None:
        super().__init__()
        object.__setattr__(self, "group", group)  # registered by the network, once for all layers
        self.index = index
        self.view = group.views[index]
        self.register_buffer("packed", pack(self.pruned)[None][:0])

    @property
    def weight(self) -> Tensor:
        """The weight, shared by all tasks; a view."""
        return self.view.slice(self.group.weight)

    @property
    def mapping(self) -> Tensor:
        """Raw mapping of the live task, around [0, 1]; a view in the shape of `weight`."""
        return self.view.slice(self.group.mapping)

    @property
    def relevance(self) -> Tensor:
        """The live mapping after the soft-round, in the shape of `weight`."""
        return self.view.slice(self.group.relevance)

    @property
    def beta(self) -> Tensor:
        """Tightness of this layer's soft-round, a scalar."""
        beta = self.group.beta.detach()
        return beta[self.index] if beta.dim() else beta

    @property
    def pruned(self) -> Tensor:
        """Entries of the live mapping that stay zero, bool; a view in the shape of `weight`."""
        return self.view.slice(self.group.pruned)

    def masks(self) -> Tensor:
        """Masks of the finished tasks, bool, (tasks, *weight shape)."""
        masks = [self.view.unflatten(self._flat_mask(task)) for task in range(len(self.packed))]
        return torch.stack(masks) if masks else self.pruned.new_empty(0, *self.view.shape)

    def live_mask(self) -> Tensor:
        """The live mapping rounded at 0.5, bool, in the shape of `weight`."""
        return self.mapping.detach() > 0.5

    def masked_weight(self, task: int | None) -> Tensor:
        """The weight under one task, in its shape.

        Args:
            task: index of a finished task; None for the live task, whose mask is soft in training
                mode and rounded in evaluation mode.
        """
        if task is None and self.training:
            assert self.group.soft_weights, "a live task is trained through its network only"
            return self.group.soft_weights[self.index]
        mask = self.view.flatten(self.live_mask()) if task is None else self._flat_mask(task)
        # flat: a product of kernels of one channel would not keep the layout of its factors
        return self.view.unflatten(self.view.flatten(self.weight) * mask)

    def task_tensors(self, task: int) -> list[Tensor]:
        """A finished task's mask, and the weights that it uses."""
        return [*super().task_tensors(task), self.view.flatten(self.weight)[self._flat_mask(task)]]

    def begin_task(self) -> None:
        """Do nothing: the network initialises the mappings of all layers together."""

    def inference_tensors(self, *, live: bool) -> list[Tensor]:
        """The masks as bits, and the weight.

        Args:
            live: whether to add the rounded live mask.
        """
        return [*super().inference_tensors(live=live), self.weight]

    def live_row(self) -> Tensor:
        """The rounded mapping as bits, uint8, (ceil(numel / 8),)."""
        return pack(self.view.flatten(self.live_mask()))

    def _flat_mask(self, task: int) -> Tensor:
        return unpack(self.packed[task], self.view.shape.numel())


class RelevanceLinear(RelevanceLayer):
    """A linear layer with relevance mappings ("M-Linear" in the paper); (n, in) -> (n, out)."""

    def forward_task(self, x: Tensor, task: int | None) -> Tensor:
        """Output under one task, (n, out).

        Args:
            x: inputs, (n, in).
            task: index of a finished task; None for the live task.
        """
        return F.linear(x, self.masked_weight(task))


class RelevanceConv2d(RelevanceLayer):
    """A 2-d convolution with relevance mappings ("M-Conv2D" in the paper).

    Args:
        group: stores the values of this layer and perhaps of others.
        index: index of this layer in the group.
        layer: gives stride, padding, dilation and groups.
    """

    def __init__(self, group: RelevanceMappings, index: int, layer: nn.Conv2d) -> None:
        super().__init__(group, index)
        self.convolution = Convolution.of(layer)

    def forward_task(self, x: Tensor, task: int | None) -> Tensor:
        """Output under one task, (n, out, height, width).

        Args:
            x: inputs, (n, in, height, width).
            task: index of a finished task; None for the live task.
        """
        return self.convolution(x, self.masked_weight(task))

    def forward_mixture(self, x: Tensor, weights: Tensor) -> Tensor:
        """The weighted sum of the tasks' outputs.

        Args:
            x: inputs, (n, in, height, width).
            weights: mixture weights, the same row for each input, (n, tasks).
        """
        output = self.convolution.mixture(x, weights, self.masked_weight)
        return super().forward_mixture(x, weights) if output is None else output
