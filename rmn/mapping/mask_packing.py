"""Storage of binary masks at one bit per weight."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def pack(mask: Tensor) -> Tensor:
    """Pack a binary mask of any shape into bits, uint8, (ceil(numel / 8),)."""
    bits = np.packbits(mask.detach().cpu().numpy().astype(bool).reshape(-1))
    return torch.from_numpy(bits).to(mask.device)


def unpack(packed: Tensor, count: int) -> Tensor:
    """Undo `pack`.

    Args:
        packed: bits, uint8, (ceil(count / 8),).
        count: number of entries of the mask.

    Returns:
        The mask, bool, (count,).
    """
    bits = np.unpackbits(packed.cpu().numpy(), count=count)
    return torch.from_numpy(bits).bool().to(packed.device)
