"""Synaptic intelligence."""

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
class SynapticIntelligence(Baseline):
    """Synaptic intelligence: importance is the share of a loss decrease that a weight brought.

    As published (Zenke et al., Equations 3 to 5), but that importances are kept from going below
    zero after each task, as in the code of Chaudhry et al. 2019 (facebookresearch/agem): a negative
    penalty would push weights away. Steps are those of the comparison's Adam.
    """

    name: ClassVar[str] = "si"
    title: ClassVar[str] = "SI"
    colour: ClassVar[str] = "#029e73"
    reference: ClassVar[str] = "Zenke, Poole, Ganguli, ICML 2017"
    penalty_setting: ClassVar[str] = "si_lambda"

    si_lambda: float = setting(1.0, "strength c of the penalty", minimum=0, search=Range(0.01, 1e4))
    eps: float = setting(0.1, "damping xi of the importance", minimum=1e-12)

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning with our plugin; Avalanche's own is inert on a CPU."""
        from baselines.components.fine_tuning import fine_tuning
        from baselines.components.synaptic_intelligence import SynapticIntelligencePlugin

        plugin = SynapticIntelligencePlugin(si_lambda=self.si_lambda, eps=self.eps)
        return fine_tuning(context, plugin)
