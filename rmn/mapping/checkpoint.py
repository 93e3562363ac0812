"""Loading of a state dict whose layers were grouped in another way, or are other layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from itertools import chain, count, takewhile
from typing import Any

import torch
from torch import Tensor, nn

from rmn.mapping.flat_views import FlatView

Layout = tuple[list[int], bool]
"""Shape of a weight, and whether its values are stored with the input channels last."""


def regroup_state_dict(
    modules: Sequence[nn.Module], state_dict: MutableMapping[str, Any], prefix: str
) -> None:
    """Split the tensors of a saved list of modules anew, to the lengths that this list has.

    The flat tensors of the saved modules are concatenated and split; a scalar is the same for all
    modules. What does not fit is left unchanged, so that torch reports it.

    Args:
        modules: the list that is about to load; all have tensors of the same names.
        state_dict: the state that is loaded, with flat tensors (n,) or scalars; changed in place.
        prefix: prefix of the list's names in `state_dict`.
    """
    tensors = [dict(chain(one.named_parameters(), one.named_buffers())) for one in modules]
    for name in tensors[0]:
        lengths = [own[name].numel() for own in tensors]
        keys = (f"{prefix}{number}.{name}" for number in count())
        saved = {key: state_dict[key] for key in takewhile(state_dict.__contains__, keys)}
        parts = _split_to_lengths(list(saved.values()), lengths)
        for key in saved:
            del state_dict[key]
        state_dict.update({f"{prefix}{n}.{name}": part for n, part in enumerate(parts)})


def _split_to_lengths(saved: list[Tensor], lengths: list[int]) -> list[Tensor]:
    if any(tensor.dim() == 0 for tensor in saved):
        return saved[:1] * len(lengths)
    saved_lengths = [len(tensor) for tensor in saved]
    if saved_lengths == lengths or sum(saved_lengths) != sum(lengths):
        return saved
    return list(torch.split(torch.cat(saved), lengths))


def layouts(views: Mapping[str, FlatView]) -> list[Layout]:
    """How the values of each weight lie in the flat tensors, which say nothing of it themselves."""
    return [(list(view.shape), view.channels_last) for view in views.values()]


def other_layouts(saved: Sequence[Layout], views: Mapping[str, FlatView]) -> Iterator[str]:
    """What is wrong with loading weights of these layouts, one message for each.

    Args:
        saved: `layouts` of the network that was saved.
        views: of the network that loads, by the names of its weights.
    """
    for (name, view), (shape, channels_last) in zip(views.items(), saved, strict=False):
        if shape != list(view.shape):
            yield f"size mismatch for the weight {name}: saved {shape}, here {list(view.shape)}."
        elif channels_last != view.channels_last:
            layout = "channels_last" if channels_last else "contiguous_format"
            yield (
                f"the weight {name} was saved in another memory layout; convert the module in it: "
                f"rmn.convert(module.to(memory_format=torch.{layout}))."
            )
