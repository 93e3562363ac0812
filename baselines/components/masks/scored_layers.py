"""Layers whose masks are chosen by scores that are learned: WSN, SupSup and Piggyback."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor, nn

from baselines.components.masks.masked_layer import MaskedLayer
from baselines.components.masks.straight_through import largest, straight_through

_FIRST_SCORE: Final = 0.01  # published, as is the threshold below


class WSNLayer(MaskedLayer):
    """The weights with the largest scores are used, and trained unless an earlier task uses them.

    Scores and weights are learned together; the scores go on from task to task (Kang et al. 2022,
    Algorithm 1).

    Args:
        layer: gives the weight and the kind of layer; its bias is dropped.
        density: share of the weights that a task uses.

    Attributes:
        scores: in the shape of `weight`; their magnitudes are compared.
    """

    def __init__(self, layer: nn.Linear | nn.Conv2d, density: float) -> None:
        super().__init__(layer)
        self.density = density
        self.scores = nn.Parameter(torch.empty_like(self.weight))
        self._draw_scores()

    def live_mask(self) -> Tensor:
        """The weights with the largest scores among those of the open outputs."""
        open_weights = self.open_weights()
        count = max(1, round(self.density * float(open_weights.sum())))
        return largest(self.scores.abs().masked_fill(~open_weights, -1), count)

    def live_weight(self) -> Tensor:
        """The weight under the live mask; the magnitudes of the scores get the mask's gradient."""
        return self.weight * straight_through(self.scores.abs(), self.live_mask())

    def _draw_scores(self) -> None:
        nn.init.kaiming_uniform_(self.scores, a=math.sqrt(5))


class SupSupLayer(WSNLayer):
    """The weights are random signs of one magnitude and never change; each task learns scores.

    The magnitude is He's for as many inputs as a mask leaves: sqrt(2 / (density * fan in))
    (Ramanujan et al. 2020, Section 4.2).

    Args:
        layer: gives the signs and the kind of layer; its bias is dropped.
        density: share of the weights that a task uses.
    """

    @torch.no_grad()
    def __init__(self, layer: nn.Linear | nn.Conv2d, density: float) -> None:
        super().__init__(layer, density)
        fan_in = self.weight[0].numel()
        self.weight.copy_(self.weight.sign() * math.sqrt(2 / (density * fan_in)))
        self.weight.requires_grad_(False)

    def begin_task(self) -> None:
        """Open all outputs, and draw new scores."""
        self.open.fill_(True)
        self._draw_scores()


class PiggybackLayer(MaskedLayer):
    """The first task trains the weights, which are fixed then; others learn which of them to use.

    Args:
        layer: gives the weight and the kind of layer; its bias is dropped.
        threshold: score above which a weight is used.

    Attributes:
        scores: in the shape of `weight`; the same for all weights when a task begins.
    """

    def __init__(self, layer: nn.Linear | nn.Conv2d, threshold: float) -> None:
        super().__init__(layer)
        self.threshold = threshold
        self.scores = nn.Parameter(torch.full_like(self.weight, _FIRST_SCORE))

    def live_mask(self) -> Tensor:
        """The weights whose scores are above the threshold; in the first task, all."""
        return self.scores.detach() > self.threshold

    def live_weight(self) -> Tensor:
        """The weight, or the fixed weight under the live mask."""
        if not len(self.packed):
            return self.weight
        return self.weight.detach() * straight_through(self.scores, self.live_mask())

    @torch.no_grad()
    def begin_task(self) -> None:
        """Use all weights to begin with."""
        self.open.fill_(True)
        self.scores.fill_(_FIRST_SCORE)
