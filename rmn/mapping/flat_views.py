"""Where each layer's values lie when those of several are put end to end in one tensor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one layer's values.

    Attributes:
        start: of the first value.
        shape: of the layer's weight.
        channels_last: whether a convolution's values lie with their input channels last.
        strides: of the layer's values in that order.
    """

    start: int
    shape: torch.Size
    channels_last: bool
    strides: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        strides = torch.empty(self.shape, device="meta", memory_format=layout).stride()
        object.__setattr__(self, "strides", strides)

    @property
    def stop(self) -> int:
        """One past the last value."""
        return self.start + self.shape.numel()

    def of(self, flat: Tensor) -> Tensor:
        """The layer's values in the shape of its weight, a view of the layers' values, (n,)."""
        return self._viewed(flat, self.start)

    def shaped(self, values: Tensor) -> Tensor:
        """The layer's own values, (numel,), in the shape of its weight, a view."""
        return self._viewed(values, 0)

    def _viewed(self, values: Tensor, start: int) -> Tensor:
        # one call instead of three: a training step has as many as the network has layers
        return values.as_strided(self.shape, self.strides, values.storage_offset() + start)

    def flat(self, values: Tensor) -> Tensor:
        """Values in the shape of the weight as (n,); a view unless they lie in another order."""
        return (values.permute(0, 2, 3, 1) if self.channels_last else values).reshape(-1)


def slots(weights: Sequence[Tensor]) -> tuple[Slot, ...]:
    """Slots for layers with these weights, one after the other."""
    made: list[Slot] = []
    for weight in weights:
        start = made[-1].stop if made else 0
        made.append(Slot(start, weight.shape, _channels_last(weight)))
    return tuple(made)


def end_to_end(groups: Iterable[Sequence[Slot]]) -> tuple[Slot, ...]:
    """The slots of all groups when the groups' tensors are put one after the other."""
    moved: list[Slot] = []
    for group in groups:
        start = moved[-1].stop if moved else 0
        moved += [replace(slot, start=start + slot.start) for slot in group]
    return tuple(moved)


def _channels_last(weight: Tensor) -> bool:
    """By its strides: a kernel of one channel or of 1 x 1 is contiguous in both layouts."""
    if weight.dim() != 4 or not weight.is_contiguous(memory_format=torch.channels_last):
        return False
    return weight.stride() != torch.empty(weight.shape, device="meta").stride()
