"""Memory aware synapses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from baselines.interface import Baseline, Range, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class MAS(Baseline):
    """Memory aware synapses: importance is how sensitive the squared norm of the outputs is.

    As published: the magnitude of each example's own gradient, averaged over the task's training
    examples, with no use of their classes; importances of tasks are added up. The authors' code
    (rahafaljundi/MAS-Memory-Aware-Synapses) takes the magnitude of the sum over a batch instead,
    Avalanche that of a batch's mean, and lets old importances fade, in training mode, which moves
    BatchNorm's statistics; both are below the mean of magnitudes, so a lambda there is a smaller
    one here.
    """

    name: ClassVar[str] = "mas"
    title: ClassVar[str] = "MAS"
    colour: ClassVar[str] = "#cc78bc"
    reference: ClassVar[str] = "Aljundi et al., ECCV 2018"
    version: ClassVar[int] = 2  # 1 was Avalanche's
    penalty_setting: ClassVar[str] = "lambda_reg"

    lambda_reg: float = setting(
        0.1, "strength lambda of the penalty", minimum=0, search=Range(1e-4, 100.0)
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning with our plugin."""
        from baselines.components.fine_tuning import fine_tuning
        from baselines.components.memory_aware_synapses import MemoryAwareSynapsesPlugin

        return fine_tuning(context, MemoryAwareSynapsesPlugin(self.lambda_reg))
