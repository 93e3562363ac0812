"""Loading buffers that were saved after another number of tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn


def make_room(
    module: nn.Module, buffers: Iterable[str], state_dict: Mapping[str, Any], prefix: str
) -> None:
    """Give buffers the shape and type that they were saved with, on the device where they are.

    Args:
        module: that is about to load.
        buffers: their names in it.
        state_dict: what it loads from; a buffer that is not there stays.
        prefix: of the module's names there.
    """
    for name in buffers:
        saved = state_dict.get(prefix + name)
        if saved is not None:
            device = module.get_buffer(name).device
            setattr(module, name, torch.empty_like(saved, device=device))
