"""Learning without forgetting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from baselines.interface import Baseline, Range, Requirement, Role, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class LearningWithoutForgetting(Baseline):
    """Learning without forgetting: the old network's answers to new examples are to stay.

    As published (Equations 1 to 3, with a sum over the earlier tasks), but that the answers come
    from a copy of the network during training and not from a record of them, that a new output
    layer gets no epochs of its own first, and that the optimizer is the comparison's Adam. Hsu et
    al. 2018 and van de Ven & Tolias 2019 multiply the distillation by the squared temperature: at
    temperature 2 that is an alpha of 4 here.

    In task-il each earlier task is distilled over its own outputs, through its own BatchNorm or
    head where it has one. That needs a pass through both networks for each earlier task and batch,
    so that training is slower than Naive's by about the number of tasks. In class-il the
    distillation is over all classes seen, the new ones among them, to which the old network gives
    no probability (van de Ven & Tolias 2019); over the classes of earlier tasks alone nothing holds
    new ones down, and LwF is no better than fine-tuning (19.8 in the setting of Hsu et al.).
    """

    name: ClassVar[str] = "lwf"
    version: ClassVar[int] = 2  # 1 distilled over old classes alone in class-il
    title: ClassVar[str] = "LwF"
    role: ClassVar[Role] = Role.REFERENCE
    colour: ClassVar[str] = "#7a5195"
    reference: ClassVar[str] = "Li & Hoiem, TPAMI 2018"
    requirements: ClassVar[frozenset[Requirement]] = frozenset({Requirement.SEVERAL_MODELS})
    penalty_setting: ClassVar[str] = "alpha"

    alpha: float = setting(
        1.0, "weight lambda_o of the distillation", minimum=0, search=Range(1e-3, 1e3)
    )
    temperature: float = setting(2.0, "softmax temperature of the distillation", minimum=1)

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning with our plugin; Avalanche's knows no outputs or parts of a task's own."""
        from baselines.components.fine_tuning import fine_tuning
        from baselines.components.learning_without_forgetting import (
            LearningWithoutForgettingPlugin,
        )

        plugin = LearningWithoutForgettingPlugin(alpha=self.alpha, temperature=self.temperature)
        return fine_tuning(context, plugin)
