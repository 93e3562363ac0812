"""A uniform sample of a stream whose end is not known (Vitter 1985, Algorithm R)."""

from __future__ import annotations

import torch
from torch import Tensor


class Reservoir:
    """So many inputs, each of those that were seen with the same probability.

    Args:
        size: how many, once as many were seen.
        generator: of the random numbers, on the CPU.

    Attributes:
        inputs: the sample, (...) each.
    """

    def __init__(self, size: int, generator: torch.Generator) -> None:
        self.size = size
        self.generator = generator
        self.inputs: list[Tensor] = []
        self._seen = 0

    def add(self, x: Tensor) -> None:
        """See more inputs, (n, ...)."""
        for one in x:
            self._seen += 1
            if len(self.inputs) < self.size:
                self.inputs.append(one.clone())  # a view would keep the whole batch
                continue
            place = int(torch.randint(self._seen, (), generator=self.generator))
            if place < self.size:
                self.inputs[place] = one.clone()

    def empty(self) -> Tensor:
        """The sample, (size, ...), after which nothing was seen."""
        sample = torch.stack(self.inputs)
        self.inputs, self._seen = [], 0
        return sample
