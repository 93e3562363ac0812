"""Synaptic intelligence as an Avalanche plugin.

Avalanche 0.6.0 ships one, but on a CPU its "old" and "new" weights are views of the same parameter
(`SynapticIntelligencePlugin.extract_weights` calls `.detach().cpu().flatten()`, which copies
nothing there), so that every importance is zero and the method equals fine-tuning at any strength.
"""

from __future__ import annotations

from typing import Any

import torch
from avalanche.training.templates import SupervisedTemplate

from baselines.components.importance_penalty import learned
from baselines.components.path_integral import PathIntegralPlugin


class SynapticIntelligencePlugin(PathIntegralPlugin):
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
        super().__init__(si_lambda)
        self.eps = eps

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Start the path integral at the present weights."""
        self.drop_anchor(strategy)
        self.path = {name: torch.zeros_like(weight) for name, weight in self.anchor.items()}

    @torch.no_grad()
    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Turn the path integral into importance.

        It is kept from going below zero: a negative penalty would push weights away.
        """
        moved = {n: (w - self.anchor[n]) ** 2 + self.eps for n, w in learned(strategy).items()}
        self.add_importance({n: (self.path[n] / moved[n]).clamp_(min=0) for n in moved})
        self.drop_anchor(strategy)
        self.end_path()
