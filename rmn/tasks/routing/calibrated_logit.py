"""A router that makes the masks' largest logits comparable."""

from __future__ import annotations

import torch
from torch import Tensor

from rmn.tasks.routing.router import AnswersPerTask, Router, appended


class CalibratedLogit(Router):
    """Max-logit in standard deviations from its mean on the mask's own training data.

    Args:
        outputs: not needed; every router is made with it.
    """

    scale: Tensor

    def __init__(self, outputs: int) -> None:
        super().__init__(outputs)
        self.register_buffer("scale", torch.empty(0))  # (tasks, 2): mean, standard deviation
        self._largest: list[Tensor] = []

    def begin_task(self) -> None:
        """Start with no example."""
        self._largest = []

    def learn(self, x: Tensor, y: Tensor, network: AnswersPerTask) -> None:
        """Note the newest mask's largest logits."""
        self._largest.append(network.logits_per_task(x)[-1].amax(-1))

    def finish_task(self) -> None:
        """Keep their mean and standard deviation."""
        deviation, mean = torch.std_mean(torch.cat(self._largest))
        self.scale = appended(self.scale, torch.stack([mean, deviation.clamp_min(1e-6)]))
        self._largest = []

    def scores(self, x: Tensor, network: AnswersPerTask) -> Tensor:
        """Standard scores, (tasks, n)."""
        mean, deviation = self.scale.unbind(1)
        return (network.logits_per_task(x).amax(-1) - mean[:, None]) / deviation[:, None]
