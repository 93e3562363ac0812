"""Views of one flat tensor in which the values of several layers lie one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class FlatView:
    """Where one layer's values lie in a flat tensor, and how they are laid out there.

    Attributes:
        offset: index of the first value.
        shape: shape of the layer's weight.
        channels_last: whether a convolution's values are stored with the input channels last.
        strides: strides of the layer's values in that layout.
    """

    offset: int
    shape: torch.Size
    channels_last: bool
    strides: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        strides = torch.empty(self.shape, device="meta", memory_format=layout).stride()
        object.__setattr__(self, "strides", strides)

    @property
    def end(self) -> int:
        """Index after the last value."""
        return self.offset + self.shape.numel()

    def slice(self, flat: Tensor) -> Tensor:
        """The layer's values in a flat tensor (n,) of all layers, in the shape of its weight."""
        return self._strided(flat, self.offset)

    def unflatten(self, values: Tensor) -> Tensor:
        """The layer's own values, (numel,), as a view in the shape of its weight."""
        return self._strided(values, 0)

    def flatten(self, values: Tensor) -> Tensor:
        """Values in the shape of the weight as (numel,); a view if they have the same layout."""
        return (values.permute(0, 2, 3, 1) if self.channels_last else values).reshape(-1)

    def _strided(self, values: Tensor, offset: int) -> Tensor:
        # one call instead of three: a training step makes as many views as the network has layers
        return values.as_strided(self.shape, self.strides, values.storage_offset() + offset)


def flat_views(weights: Sequence[Tensor]) -> tuple[FlatView, ...]:
    """Views for layers with these weights, one after the other."""
    views: list[FlatView] = []
    for weight in weights:
        offset = views[-1].end if views else 0
        views.append(FlatView(offset, weight.shape, _is_channels_last(weight)))
    return tuple(views)


def concatenate_views(groups: Iterable[Sequence[FlatView]]) -> tuple[FlatView, ...]:
    """The views of all groups after their flat tensors have been concatenated."""
    views: list[FlatView] = []
    for group in groups:
        offset = views[-1].end if views else 0
        views += [replace(view, offset=offset + view.offset) for view in group]
    return tuple(views)


def _is_channels_last(weight: Tensor) -> bool:
    """Decide by the strides: a kernel of one channel or of 1 x 1 is contiguous in both layouts."""
    if weight.dim() != 4 or not weight.is_contiguous(memory_format=torch.channels_last):
        return False
    return weight.stride() != torch.empty(weight.shape, device="meta").stride()
