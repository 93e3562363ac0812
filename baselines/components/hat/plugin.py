"""Hard attention to the task as an Avalanche plugin."""

from __future__ import annotations

from typing import Final

import torch
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor

from baselines.components.hat.network import HATNetwork

_LARGEST_COSH: Final = 50.0
_LARGEST_EMBEDDING: Final = 6.0


class HATPlugin(SupervisedPlugin):
    """Anneals the gates, penalises attention to free units and protects the weights of used ones.

    The strategy's model is a `HATNetwork`. Equations are those of Serra et al. 2018.

    Args:
        smax: largest scale of the gates.
        lamb: weight of the attention regulariser (Equation 5).
        clip_norm: largest norm of the whole gradient.
    """

    def __init__(self, *, smax: float, lamb: float, clip_norm: float) -> None:
        super().__init__()
        self.smax = smax
        self.lamb = lamb
        self.clip_norm = clip_norm
        self._batch = 0
        self._scale = smax
        self._free: list[Tensor] = []
        self._free_units = 0.0
        self._plasticity: list[Tensor] = []

    @torch.no_grad()
    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Begin a task; the attention of earlier tasks stays the same throughout it."""
        model: HATNetwork = strategy.model
        experience = strategy.experience
        model.begin_task(experience.task_label, experience.classes_in_this_experience)
        self._free = [1 - gate.cumulative() for gate in model.gates]
        self._free_units = max(sum(float(free.sum()) for free in self._free), 1e-8)
        self._plasticity = [1 - used for used in model.cumulative_attention()]  # Equation 3

    def before_training_epoch(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Restart the annealing."""
        self._batch = 0

    def before_training_iteration(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Raise the scale linearly over the epoch's batches (Equation 4).

        Of an epoch of one batch it is the largest; the smallest would anneal nothing.
        """
        last = len(strategy.dataloader) - 1
        progress = self._batch / last if last else 1.0
        self._scale = 1 / self.smax + (self.smax - 1 / self.smax) * progress
        for gate in strategy.model.gates:
            gate.scale = self._scale
        self._batch += 1

    def before_backward(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Add the attention regulariser: the share of the free units that is used."""
        pairs = zip(strategy.model.gates, self._free, strict=True)
        used = sum((gate.gates() * free).sum() for gate, free in pairs)
        strategy.loss += self.lamb * used / self._free_units

    @torch.no_grad()
    def before_update(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Protect used weights, compensate the embeddings' gradients for the annealing, clip."""
        model: HATNetwork = strategy.model
        for gated, plasticity in zip(model.gated_layers, self._plasticity, strict=True):
            assert gated.layer.weight.grad is not None
            gated.layer.weight.grad.mul_(plasticity)
        for gate in model.gates:
            embedding, gradient = gate.embedding, gate.embedding.grad
            assert gradient is not None
            steep = (self._scale * embedding).clamp(-_LARGEST_COSH, _LARGEST_COSH).cosh() + 1
            gradient.mul_(self.smax / self._scale * steep / (embedding.cosh() + 1))  # Equation 6
        torch.nn.utils.clip_grad_norm_(model.parameters(), self.clip_norm)

    @torch.no_grad()
    def after_update(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Clamp the embeddings to where the gates can still change."""
        for gate in strategy.model.gates:
            gate.embedding.clamp_(-_LARGEST_EMBEDDING, _LARGEST_EMBEDDING)

    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Store the task's gates, head and BatchNorm."""
        strategy.model.finish_task()
