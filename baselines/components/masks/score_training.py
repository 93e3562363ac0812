"""Training of the scores and the weights of a `MaskNetwork`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from baselines.components.masks.network import MaskNetwork
from baselines.components.masks.plugin import MaskPlugin
from baselines.components.masks.strategy import MaskTraining

if TYPE_CHECKING:
    from baselines.context import Context


def score_training(
    context: Context,
    model: MaskNetwork,
    score_lr: float,
    strategy: type[MaskTraining] = MaskTraining,
) -> MaskTraining:
    """A strategy whose Adam has a learning rate of its own for scores.

    Args:
        context: of the comparison.
        model: with scores on its weights.
        score_lr: learning rate of the scores.
        strategy: kind of strategy.
    """
    groups = model.parameter_groups(lr=context.learning_rate, score_lr=score_lr)
    arguments = context.strategy_arguments()
    arguments["plugins"].append(MaskPlugin(own_outputs=context.loss == "own"))
    return strategy(
        model=model,
        optimizer=torch.optim.Adam(groups, fused=True),
        criterion=context.criterion(),
        **arguments,
    )
