"""Negative samples: inputs of no task, for which a mask should have no output (Algorithm 2)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from rmn.tasks.evaluation_mode import evaluation_mode


def gaussian_noise(x: Tensor) -> Tensor:
    """Standard Gaussian noise in the shape of `x`, as in the paper (lines 14 to 17).

    Raises:
        ValueError: `x` are whole numbers, such as those of tokens.
    """
    if not (x.is_floating_point() or x.is_complex()):
        raise ValueError(
            f'negative_samples is "noise", and the inputs are whole numbers ({x.dtype}), of which '
            'there is no Gaussian noise; use negative_samples="shuffled", or negative_loss_weight=0'
        )
    return torch.randn_like(x)


def shuffle_values(x: Tensor) -> Tensor:
    """The values of each input in `x`, (n, ...), each input in a random order of its own."""
    values = x.flatten(1)
    drawn = values.dtype if values.is_floating_point() else torch.float32
    return values.gather(1, torch.rand_like(values, dtype=drawn).argsort(1)).view_as(x)


NEGATIVE_SAMPLES: Final[dict[str, Callable[[Tensor], Tensor]]] = {
    "noise": gaussian_noise,
    "shuffled": shuffle_values,
}
"""Functions that make negative samples from inputs of a task, in their shape, by name."""


def frozen_batch_norm(model: nn.Module) -> AbstractContextManager[None]:
    """Inside the context BatchNorm normalises by its running statistics and does not update them.

    Negative samples must not enter the statistics of a task.
    """
    return evaluation_mode(one for one in model.modules() if isinstance(one, _BatchNorm))
