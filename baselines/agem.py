"""Averaged gradient episodic memory."""

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
class AGEM(RehearsingBaseline):
    """A-GEM: the gradient never points against the mean gradient of stored examples.

    As published (Equation 11), but that the steps are those of the comparison's Adam, not of SGD,
    so that it is the gradient that is projected and not the step, and that tasks are seen for the
    comparison's epochs, not once. It has nothing to tune.
    """

    name: ClassVar[str] = "agem"
    title: ClassVar[str] = "A-GEM"
    colour: ClassVar[str] = "#bc5090"
    reference: ClassVar[str] = "Chaudhry et al., ICLR 2019"

    sample: int = setting(
        256, "stored examples of each step's reference gradient, at most", minimum=1
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning with our plugin."""
        from baselines.components.averaged_gem import AveragedGEMPlugin
        from baselines.components.fine_tuning import fine_tuning

        memory = AveragedGEMPlugin(self.memory_budget(context), sample=self.sample)
        return fine_tuning(context, memory)
