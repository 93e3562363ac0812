"""Inputs of no task, towards which a mask should give no output (Algorithm 2, lines 14 to 17)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def noise(x: Tensor) -> Tensor:
    """Standard Gaussian noise in the shape of `x`: the paper's negatives."""
    return torch.randn_like(x)


def shuffled(x: Tensor) -> Tensor:
    """The values of each input in `x`, (n, ...), in a random order of its own."""
    values = x.flatten(1)
    return values.gather(1, torch.rand_like(values).argsort(1)).view_as(x)


NEGATIVES: Final[dict[str, Callable[[Tensor], Tensor]]] = {"noise": noise, "shuffled": shuffled}


@contextmanager
def statistics_held(model: nn.Module) -> Iterator[None]:
    """BatchNorm uses its running statistics and leaves them alone: negatives must not enter."""
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    for norm in norms:
        norm.eval()
    try:
        yield
    finally:
        for norm in norms:
            norm.train()
