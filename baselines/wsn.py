"""Winning subnetworks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from baselines.interface import Baseline, Choices, Range, Requirement, Role, Supervision, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class WSN(Baseline):
    """WSN: each task uses the c % of each layer's weights that have the largest scores.

    Scores and free weights are learned together (Algorithm 1); weights that an earlier task uses
    are held, and can be used again. Where tasks have outputs of their own, these are a head without
    a mask, as published. The publication has no BatchNorm in its MLP and one without parameters in
    its ResNet-18. A BatchNorm that all tasks share goes on learning, and is forgotten by.
    """

    name: ClassVar[str] = "wsn"
    title: ClassVar[str] = "WSN"
    role: ClassVar[Role] = Role.RELATED
    colour: ClassVar[str] = "#7a5c00"
    adam_alone: ClassVar[bool] = True
    reference: ClassVar[str] = "Kang et al., Forget-free continual learning, ICML 2022"
    rule: ClassVar[str] = "max-logit"
    supervision: ClassVar[Supervision] = Supervision.TASK_LABELS
    requirements: ClassVar[frozenset[Requirement]] = frozenset({Requirement.TASK_IDENTITY})

    density: float = setting(
        0.3,
        "c, share of each layer's weights that a task uses; published: 0.03 to 0.7",
        minimum=0.001,
        maximum=1,
        search=Choices((0.03, 0.05, 0.1, 0.3, 0.5), beyond=(0.01, 0.7, 0.9)),
    )
    score_lr: float = setting(
        0.002, "learning rate of the scores", minimum=0, search=Range(0.0002, 0.02)
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """The backbone with scores on its weights."""
        from functools import partial

        from baselines.components.masks.masked_layer import OwnOutputsLayer
        from baselines.components.masks.network import MaskNetwork
        from baselines.components.masks.score_training import score_training
        from baselines.components.masks.scored_layers import WSNLayer

        layer = partial(WSNLayer, density=self.density)
        model = MaskNetwork(
            context.network(),
            layer,
            OwnOutputsLayer if context.loss == "own" else layer,
            norm=context.batch_norm,
            head=context.head,
        )
        return score_training(context, model, self.score_lr)
