"""Mixed stochastic gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from baselines.components.rehearsing import RehearsingBaseline
from baselines.interface import setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class MEGA(RehearsingBaseline):
    """MEGA-II: the gradient turns towards that of stored examples, as far as their losses ask.

    As published (the angle that maximises the two losses' cosines), with the angle in closed form,
    and at most a right one, as in the authors' code.
    The steps are those of the comparison's Adam, not of SGD, so that it is the gradient that turns
    and not the step; tasks are seen for the comparison's epochs, not once; and the memory has its
    examples drawn at random, not the last of each class. It has nothing to tune.
    """

    name: ClassVar[str] = "mega"
    title: ClassVar[str] = "MEGA-II"
    colour: ClassVar[str] = "#8c6bb1"
    reference: ClassVar[str] = "Guo, Liu, Yang, Rosing, NeurIPS 2020"

    sample: int = setting(
        256, "stored examples of each step's reference gradient, at most", minimum=1
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning with our plugin."""
        from baselines.components.fine_tuning import fine_tuning
        from baselines.components.mixed_gradients import GradientRotationPlugin

        memory = GradientRotationPlugin(self.memory_budget(context), sample=self.sample)
        return fine_tuning(context, memory)
