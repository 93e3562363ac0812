"""The examples of a data set in batches, outside of training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

Batch = tuple[Tensor, Tensor, Tensor]
"""Inputs (n, ...), classes (n,) and task labels (n,)."""


def batches(dataset: Any, size: int, device: torch.device) -> Iterator[Batch]:
    """The examples in order.

    Args:
        dataset: of Avalanche, with task labels.
        size: of a batch, the last of which may be smaller.
        device: where the batches are put.
    """
    loader = DataLoader(
        dataset,
        size,
        collate_fn=getattr(dataset, "collate_fn", None),
        generator=torch.Generator(),  # it draws a seed, which the training's numbers must not lack
    )
    for batch in loader:
        x, y, task_labels = (part.to(device) for part in (batch[0], batch[1], batch[-1]))
        yield x, y, task_labels
