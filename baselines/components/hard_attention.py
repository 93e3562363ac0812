"""Hard attention to the task (Serra, Suris, Miron & Karatzoglou 2018) as an Avalanche plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import torch
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.supervised import Naive
from torch import Tensor

from baselines.components.attention import AttentionNetwork, spread

_LARGEST_COSH: Final = 50.0
_LARGEST_EMBEDDING: Final = 6.0


class HATPlugin(SupervisedPlugin):
    """Anneals gates, penalises attention to new units and protects the weights of old ones.

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
    def before_training_exp(self, strategy: Any, **kwargs: Any) -> None:
        """Begin a task; what earlier tasks attend to stays the same throughout it."""
        model: AttentionNetwork = strategy.model
        experience = strategy.experience
        model.begin_task(experience.task_label, experience.classes_in_this_experience)
        self._free = [1 - gate.cumulative() for gate in model.gates]
        self._free_units = max(sum(float(free.sum()) for free in self._free), 1e-8)
        self._plasticity = []
        for layer, before, after in model.gated:
            outputs = after.cumulative()[None]
            inputs = (
                torch.ones_like(outputs[:, :1]) if before is None else before.cumulative()[None]
            )
            self._plasticity.append(1 - spread(outputs, inputs, layer.weight)[0])  # Equation 3

    def before_training_epoch(self, strategy: Any, **kwargs: Any) -> None:
        """Each epoch anneals anew."""
        self._batch = 0

    def before_training_iteration(self, strategy: Any, **kwargs: Any) -> None:
        """Raise the scale linearly over the epoch's batches (Equation 4)."""
        progress = self._batch / max(1, len(strategy.dataloader) - 1)
        self._scale = 1 / self.smax + (self.smax - 1 / self.smax) * progress
        for gate in strategy.model.gates:
            gate.scale = self._scale
        self._batch += 1

    def before_backward(self, strategy: Any, **kwargs: Any) -> None:
        """Add the attention regulariser: the share of still free units that are used."""
        pairs = zip(strategy.model.gates, self._free, strict=True)
        used = sum((gate.gates() * free).sum() for gate, free in pairs)
        strategy.loss += self.lamb * used / self._free_units

    @torch.no_grad()
    def before_update(self, strategy: Any, **kwargs: Any) -> None:
        """Shield old weights, undo the annealing in the embeddings' gradients, clip."""
        model: AttentionNetwork = strategy.model
        for (layer, _, _), plasticity in zip(model.gated, self._plasticity, strict=True):
            assert layer.weight.grad is not None
            layer.weight.grad.mul_(plasticity)
        for gate in model.gates:
            embedding, gradient = gate.embedding, gate.embedding.grad
            assert gradient is not None
            steep = (self._scale * embedding).clamp(-_LARGEST_COSH, _LARGEST_COSH).cosh() + 1
            gradient.mul_(self.smax / self._scale * steep / (embedding.cosh() + 1))  # Equation 6
        torch.nn.utils.clip_grad_norm_(model.parameters(), self.clip_norm)

    @torch.no_grad()
    def after_update(self, strategy: Any, **kwargs: Any) -> None:
        """Keep embeddings where the gates can still move."""
        for gate in strategy.model.gates:
            gate.embedding.clamp_(-_LARGEST_EMBEDDING, _LARGEST_EMBEDDING)

    def after_training_exp(self, strategy: Any, **kwargs: Any) -> None:
        """Keep the task's gates, head and BatchNorm."""
        strategy.model.finish_task()


class HardAttention(Naive):
    """Fine-tuning of an `AttentionNetwork` under `HATPlugin`."""

    model: AttentionNetwork

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits under every learned task, (tasks, n, outputs)."""
        return self.model.logits_per_task(x)

    def infer_task_in_one_shot(self, x: Tensor) -> Tensor:
        """The task that SupSup's one-shot gradient names for each input, (n,), int64."""
        return self.model.infer_task_in_one_shot(x)

    def masks(self) -> Mapping[str, Tensor]:
        """Per layer, the weights that each learned task uses, bool, (tasks, *weight shape)."""
        return self.model.masks()
