"""Ending a run whose numbers are no longer finite: what it measures would mean nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from avalanche.training.plugins import SupervisedPlugin
from torch import Tensor

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate


class DivergedError(ArithmeticError):
    """A loss, a parameter or a logit is infinite or not a number."""


class DivergenceGuard(SupervisedPlugin):
    """Ends the training after the first epoch in which a loss or a parameter was not finite.

    Args:
        where: says where the training is, such as "task 2/5, epoch 1/3".
    """

    def __init__(self, where: Callable[[], str]) -> None:
        super().__init__()
        self.where = where
        self._finite: Tensor | None = None

    def after_backward(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Note whether the loss is finite; an accelerator need not be waited for."""
        finite = strategy.loss.detach().isfinite()
        self._finite = finite if self._finite is None else self._finite & finite

    def after_training_epoch(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Look at all losses since the last time, and at the parameters.

        Raises:
            DivergedError: one is not finite.
        """
        self.check(strategy)

    def check(self, strategy: SupervisedTemplate) -> None:
        """The same at any other moment, for training that is one long epoch.

        Raises:
            DivergedError: a loss or a parameter is not finite.
        """
        finite, self._finite = self._finite, None
        if finite is not None and not finite:
            raise DivergedError(f"{self.where()}: a loss is not finite")
        for name, parameter in strategy.model.named_parameters():
            if not parameter.isfinite().all():
                raise DivergedError(f"{self.where()}: {name} is not finite")


def check_logits(logits: Tensor, task: int) -> None:
    """Refuse to measure accuracies from logits that mean nothing.

    Args:
        logits: any shape.
        task: number of the task whose test data they are of, from 0.

    Raises:
        DivergedError: a logit is not finite.
    """
    if not torch.isfinite(logits).all():
        raise DivergedError(f"testing on task {task + 1}: a logit is not finite")
