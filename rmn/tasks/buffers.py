"""Loading of buffers that grow by one row with each task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn


def resize_buffers(
    module: nn.Module, names: Iterable[str], state_dict: Mapping[str, Any], prefix: str
) -> None:
    """Give buffers the shape and type that they have in a state dict, on their own device.

    Call it in `_load_from_state_dict`, before the base class copies the values: torch refuses to
    load a buffer that was saved after another number of tasks.

    Args:
        module: the module that is about to load.
        names: names of the module's buffers; one that is missing in `state_dict` stays unchanged.
        state_dict: the state that is loaded.
        prefix: prefix of the module's names in `state_dict`.
    """
    for name in names:
        saved = state_dict.get(prefix + name)
        if saved is not None:
            device = module.get_buffer(name).device
            setattr(module, name, torch.empty_like(saved, device=device))
