"""Gradient projection memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from baselines.interface import Baseline, Choices, Range, Role, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class GradientProjectionMemory(Baseline):
    """GPM: steps are orthogonal to the inputs that each layer had in earlier tasks.

    As published (Equations 5 to 9), with one threshold for all layers, and by the publication's
    SGD: Adam makes as large a step in the directions that are left as in any, and earlier inputs
    have some energy there. On Permuted-MNIST it forgets 40 points by Adam. What is stored are
    directions of the layers' inputs, no examples. Without the task identity the output layer is
    projected like the others, and the BatchNorm that tasks share then is learned with the first
    one, as in the authors' code.
    """

    name: ClassVar[str] = "gpm"
    version: ClassVar[int] = 3
    """1 went on learning BatchNorms and biases that tasks share; 2 took the comparison's Adam."""

    title: ClassVar[str] = "GPM"
    role: ClassVar[Role] = Role.REFERENCE
    colour: ClassVar[str] = "#486a00"
    reference: ClassVar[str] = "Saha, Garg, Roy, ICLR 2021"
    check_settings: ClassVar[Mapping[str, Any]] = {"threshold": 0.9}

    threshold: float = setting(
        0.97,
        "share of the energy of each layer's inputs that later steps leave alone",
        minimum=0,
        maximum=1,
        search=Choices((0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.99), beyond=(0.3, 0.995, 0.999)),
    )
    learning_rate: float = setting(0.1, "of SGD", minimum=0, search=Range(0.01, 1.0))
    growth: float = setting(0.0, "growth of the threshold with each task", minimum=0, maximum=1)
    samples: int = setting(300, "examples of a task whose inputs are looked at", minimum=1)

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning with our plugin."""
        from baselines.components.fine_tuning import fine_tuning
        from baselines.components.gradient_projection_memory import GradientProjectionMemoryPlugin

        plugin = GradientProjectionMemoryPlugin(
            threshold=self.threshold,
            growth=self.growth,
            samples=self.samples,
            seed=context.seed,
        )
        own = replace(context, optimizer="sgd", learning_rate=self.learning_rate)
        return fine_tuning(own, plugin)
