"""Telling whether a function is still the same without asking it anything."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import torch
from torch import Tensor


def fingerprint(tensors: Iterable[Tensor]) -> bytes:
    """A digest of the tensors' bits, in their order; equal bits and nothing else give it again."""
    digest = hashlib.blake2b()
    for tensor in tensors:
        digest.update(tensor.detach().cpu().flatten().view(torch.uint8).numpy().data)
    return digest.digest()
