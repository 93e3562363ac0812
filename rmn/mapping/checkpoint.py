"""Loading what was saved with layers in other groups."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from itertools import chain, count, takewhile
from typing import Any

import torch
from torch import Tensor, nn


def regroup(
    modules: Sequence[nn.Module], state_dict: MutableMapping[str, Any], prefix: str
) -> None:
    """Cut what another list of such modules saved, taken end to end, to the lengths of this one's.

    A scalar is the same for all modules. What cannot fit is left for torch to refuse.

    Args:
        modules: the list that is about to load; all have tensors of the same names.
        state_dict: what it loads from; changed in place.
        prefix: of the list's names there.
    """
    tensors = [dict(chain(one.named_parameters(), one.named_buffers())) for one in modules]
    for name in tensors[0]:
        wanted = [own[name].numel() for own in tensors]
        names = (f"{prefix}{number}.{name}" for number in count())
        saved = {key: state_dict[key] for key in takewhile(state_dict.__contains__, names)}
        parts = _cut(list(saved.values()), wanted)
        for key in saved:
            del state_dict[key]
        state_dict.update({f"{prefix}{n}.{name}": part for n, part in enumerate(parts)})


def _cut(saved: list[Tensor], lengths: list[int]) -> list[Tensor]:
    if any(tensor.dim() == 0 for tensor in saved):
        return saved[:1] * len(lengths)
    found = [len(tensor) for tensor in saved]
    if found == lengths or sum(found) != sum(lengths):
        return saved
    return list(torch.split(torch.cat(saved), lengths))
