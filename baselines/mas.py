"""Memory aware synapses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from baselines.interface import Baseline, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class MAS(Baseline):
    """Memory aware synapses: importance is the gradient of the output's squared norm.

    As Avalanche has it, and otherwise than published: the magnitude is taken of each batch's mean
    gradient and not of each example's, old importances fade by `alpha` where the publication adds
    the new ones up, and the pass that estimates them runs in training mode, which moves BatchNorm's
    statistics.
    """

    name: ClassVar[str] = "mas"
    title: ClassVar[str] = "MAS"
    colour: ClassVar[str] = "#cc78bc"
    reference: ClassVar[str] = "Aljundi et al., ECCV 2018"

    lambda_reg: float = setting(
        1.0, "strength of the penalty", minimum=0, grid=(0.001, 0.01, 0.1, 1.0, 10.0)
    )
    alpha: float = setting(
        0.5, "share of the old importance when a new one is added", minimum=0, maximum=1
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """Avalanche's MAS on the backbone."""
        from avalanche.training.supervised import MAS

        model = context.model()
        return MAS(
            model=model,
            optimizer=context.adam(model),
            criterion=context.criterion(),
            lambda_reg=self.lambda_reg,
            alpha=self.alpha,
            **context.strategy_arguments(),
        )
