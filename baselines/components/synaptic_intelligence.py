"""Synaptic intelligence as an Avalanche plugin.

Avalanche 0.6.0 ships one, but on a CPU its "old" and "new" weights are views of the same parameter
(`SynapticIntelligencePlugin.extract_weights` calls `.detach().cpu().flatten()`, which copies
nothing there), so that every importance is zero and the method equals fine-tuning at any strength.
"""

from __future__ import annotations

from typing import Any

import torch
from avalanche.training.plugins import SupervisedPlugin
from torch import Tensor, nn


class SynapticIntelligencePlugin(SupervisedPlugin):
    """Zenke, Poole & Ganguli 2017: a weight is as important as the loss decrease that it brought.

    Path integral (Equation 3): omega sums minus gradient times step, with the gradient of the loss
    without penalty. After a task (Equation 5) importance grows by omega / (total step² + eps).
    The penalty (Equation 4) is strength * sum of importance * (weight - weight after last task)²;
    its gradient is added after the backward pass, so the path sees the task's loss alone.

    Args:
        si_lambda: strength c of the penalty.
        eps: damping xi of the importance.
    """

    def __init__(self, *, si_lambda: float, eps: float) -> None:
        super().__init__()
        self.si_lambda = si_lambda
        self.eps = eps
        self.importance: list[Tensor] = []
        self.anchor: list[Tensor] = []
        self._path: list[Tensor] = []
        self._gradient: list[Tensor] = []
        self._before: list[Tensor] = []

    @torch.no_grad()
    def before_training_exp(self, strategy: Any, **kwargs: Any) -> None:
        """Start the path integral at the present weights."""
        weights = _weights(strategy)
        self.importance = self.importance or [torch.zeros_like(weight) for weight in weights]
        self.anchor = [weight.detach().clone() for weight in weights]
        self._path = [torch.zeros_like(weight) for weight in weights]

    @torch.no_grad()
    def before_update(self, strategy: Any, **kwargs: Any) -> None:
        """Note gradients and weights before the step, then add the penalty's gradient."""
        weights = _weights(strategy)
        self._gradient = [weight.grad.clone() for weight in weights if weight.grad is not None]
        self._before = [weight.detach().clone() for weight in weights]
        if not strategy.clock.train_exp_counter:
            return
        for weight, anchor, importance in zip(weights, self.anchor, self.importance, strict=True):
            assert weight.grad is not None
            weight.grad.addcmul_(weight - anchor, importance, value=2 * self.si_lambda)

    @torch.no_grad()
    def after_update(self, strategy: Any, **kwargs: Any) -> None:
        """Add the step to the path integral."""
        for path, gradient, weight, before in zip(
            self._path, self._gradient, _weights(strategy), self._before, strict=True
        ):
            path.addcmul_(gradient, weight - before, value=-1)

    @torch.no_grad()
    def after_training_exp(self, strategy: Any, **kwargs: Any) -> None:
        """Turn the path integral into importance.

        It is kept from going below zero: a negative penalty would push weights away.
        """
        weights = _weights(strategy)
        for importance, path, weight, start in zip(
            self.importance, self._path, weights, self.anchor, strict=True
        ):
            importance += (path / ((weight - start) ** 2 + self.eps)).clamp_(min=0)
        self.anchor = [weight.detach().clone() for weight in weights]
        self._path, self._gradient, self._before = [], [], []


def _weights(strategy: Any) -> list[nn.Parameter]:
    return [weight for weight in strategy.model.parameters() if weight.requires_grad]
