"""PackNet's layers, and when they are pruned (Mallya & Lazebnik 2018)."""

from __future__ import annotations

import torch
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn

from baselines.components.masks.masked_layer import MaskedLayer
from baselines.components.masks.network import MaskNetwork
from baselines.components.masks.plugin import MaskPlugin
from baselines.components.masks.straight_through import largest


class PackNetLayer(MaskedLayer):
    """A layer whose free weights are trained, pruned by magnitude, trained again and then held.

    What is pruned is zero and free for the next task. Each task uses all weights of the tasks
    before, so that its mask has theirs in it.

    Args:
        layer: gives the weight and the kind of layer; its bias is dropped.
    """

    def __init__(self, layer: nn.Linear | nn.Conv2d) -> None:
        super().__init__(layer)
        self._kept: Tensor | None = None  # once the live task was pruned, in the weight's shape

    def live_mask(self) -> Tensor:
        """The weights of earlier tasks and those kept by the live one; all before it is pruned."""
        if self._kept is None:
            return torch.ones_like(self.weight, dtype=torch.bool)
        return self._kept

    def live_weight(self) -> Tensor:
        """The weight; what is pruned is zero."""
        return self.weight

    @torch.no_grad()
    def prune(self, share: float) -> None:
        """Set a share of the free weights to zero, those of the smallest magnitude.

        Args:
            share: of the free weights, in [0, 1]; rounded down to a whole number of weights.
        """
        used = self.masks().any(0) if len(self.packed) else torch.zeros_like(self.live_mask())
        free = int((~used).sum())
        magnitudes = self.weight.abs().masked_fill(used, -1)
        self._kept = used | largest(magnitudes, free - int(share * free))
        self.weight.mul_(self._kept)
        self.hold(used | ~self._kept)

    def finish_task(self) -> None:
        """Append the mask of the live task, whose weights are held from now on."""
        super().finish_task()
        self._kept = None


class PackNetPlugin(MaskPlugin):
    """Prunes each task once.

    Args:
        prune_share: share of the free weights of each layer that is pruned.
        retrain_share: share of a task's optimizer steps that follow; one step at least.
        own_outputs: whether each task has outputs of its own, so that the others are closed to it.
    """

    def __init__(self, *, prune_share: float, retrain_share: float, own_outputs: bool) -> None:
        super().__init__(own_outputs=own_outputs)
        self.prune_share = prune_share
        self.retrain_share = retrain_share

    def before_training_iteration(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Prune, where it is time to."""
        steps = strategy.train_epochs * len(strategy.dataloader)
        retraining = max(1, round(self.retrain_share * steps))
        if strategy.clock.train_exp_iterations == steps - retraining:
            model: MaskNetwork = strategy.model
            for layer in model.masked_layers.values():
                if isinstance(layer, PackNetLayer):
                    layer.prune(self.prune_share)
