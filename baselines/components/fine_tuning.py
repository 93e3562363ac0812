"""Fine-tuning of the comparison's model under a method's own plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.supervised import Naive
from torch import nn

if TYPE_CHECKING:
    from baselines.context import Context


def fine_tuning(
    context: Context, *plugins: SupervisedPlugin, model: nn.Module | None = None
) -> Naive:
    """Avalanche's Naive on the backbone, with the comparison's optimizer, loss and budget.

    Args:
        context: of the comparison.
        *plugins: the method's own, which come after the harness's.
        model: what is trained; None for the backbone as it is.
    """
    model = context.model() if model is None else model
    arguments = context.strategy_arguments()
    arguments["plugins"] += plugins
    return Naive(
        model=model,
        optimizer=context.make_optimizer(model),
        criterion=context.criterion(),
        **arguments,
    )
