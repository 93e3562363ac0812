"""Layers whose weights are multiplied by a relevance mapping per task."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rmn.mapping.mappings import RelevanceMappings
from rmn.mapping.relevance import pack, unpack
from rmn.tasks.layers import TaskLayer
from rmn.tasks.mixture import kernel_gradients, mixed


class RelevanceLayer(TaskLayer):
    """A weighted layer without bias whose weights are multiplied by a relevance mapping.

    Args:
        shared: holds the layer's values, and perhaps other layers'.
        number: of the layer's slot there.

    Attributes:
        packed: masks of finished tasks as bits, in the order in which the weight lies in memory,
            uint8, (tasks, ceil(numel / 8)).
    """

    per_task: ClassVar[str] = "packed"
    shared: RelevanceMappings
    packed: Tensor

    def __init__(self, shared: RelevanceMappings, number: int) -> None:
        super().__init__()
        object.__setattr__(self, "shared", shared)  # the network registers it, once for all
        self.number = number
        self.slot = shared.slots[number]
        self.register_buffer("packed", pack(self.pruned)[None][:0])

    @property
    def weight(self) -> Tensor:
        """Shared by all tasks, a view."""
        return self.slot.of(self.shared.weight)

    @property
    def mapping(self) -> Tensor:
        """Raw values of the live task, around [0, 1], a view in the shape of `weight`."""
        return self.slot.of(self.shared.mapping)

    @property
    def relevance(self) -> Tensor:
        """The live mapping after the soft-round, in the shape of `weight`."""
        return self.slot.of(self.shared.relevance)

    @property
    def pruned(self) -> Tensor:
        """Live entries that are held at zero, bool, a view in the shape of `weight`."""
        return self.slot.of(self.shared.pruned)

    def masks(self) -> Tensor:
        """Masks of the finished tasks, bool, (tasks, *weight shape)."""
        masks = [self.slot.shaped(self._bits(task)) for task in range(len(self.packed))]
        return torch.stack(masks) if masks else self.pruned.new_empty(0, *self.slot.shape)

    def live_mask(self) -> Tensor:
        """The live mapping rounded at 0.5, bool, in the shape of `weight`."""
        return self.mapping.detach() > 0.5

    def masked_weight(self, task: int | None) -> Tensor:
        """The weights that one task computes with: soft while the live task is trained."""
        if task is None and self.training:
            assert self.shared.soft, "a live task is trained through its network only"
            return self.shared.soft[self.number]
        bits = self.slot.flat(self.live_mask()) if task is None else self._bits(task)
        # in one dimension: a product of kernels of one channel would lose the layout of its factors
        return self.slot.shaped(self.slot.flat(self.weight) * bits)

    def kept(self, task: int) -> list[Tensor]:
        """A finished task's mask, and the weights that it lets through."""
        return [*super().kept(task), self.slot.flat(self.weight)[self._bits(task)]]

    def begin_task(self) -> None:
        """Nothing of its own: the mappings of all layers begin together."""

    @torch.no_grad()
    def finish_task(self) -> None:
        """Keep the rounded mapping for good."""
        self.packed = torch.cat([self.packed, pack(self.slot.flat(self.live_mask()))[None]])

    def _bits(self, task: int) -> Tensor:
        return unpack(self.packed[task], self.slot.shape.numel())


class RelevanceLinear(RelevanceLayer):
    """A linear layer with relevance mappings ("M-Linear"); x: (n, in) -> (n, out)."""

    def compute(self, x: Tensor, task: int | None) -> Tensor:
        """The output under one task."""
        return F.linear(x, self.masked_weight(task))


class RelevanceConv2d(RelevanceLayer):
    """A 2-d convolution with relevance mappings ("M-Conv2D"); x: (n, channels, height, width)."""

    def __init__(self, shared: RelevanceMappings, number: int, layer: nn.Conv2d) -> None:
        super().__init__(shared, number)
        self.stride, self.dilation, self.groups = layer.stride, layer.dilation, layer.groups
        self.padding = layer.padding

    def compute(self, x: Tensor, task: int | None) -> Tensor:
        """The output under one task."""
        return self._convolve(x, self.masked_weight(task))

    def mix(self, x: Tensor, weights: Tensor) -> Tensor:
        """The sum of the finished tasks' outputs as one convolution."""
        if isinstance(self.padding, str):
            return super().mix(x, weights)
        padding = self.padding
        masked = torch.stack([self.masked_weight(task) for task in range(weights.shape[1])])
        masked = masked.detach()

        def gradient(given: Tensor, of_output: Tensor) -> Tensor:
            gradients = kernel_gradients(
                given,
                of_output,
                masked.shape[-2:],
                stride=self.stride,
                padding=padding,
                dilation=self.dilation,
                groups=self.groups,
            )
            return gradients @ masked.flatten(1).T

        output = self._convolve(x, torch.einsum("t,t...->...", weights[0].detach(), masked))
        return mixed(x, output, weights, gradient)

    def _convolve(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.conv2d(x, weight, None, self.stride, self.padding, self.dilation, self.groups)
