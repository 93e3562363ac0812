"""Piggyback."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from baselines.interface import Baseline, Range, Requirement, Role, Supervision, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class Piggyback(Baseline):
    """Piggyback: a fixed backbone, of which each task learns to use a part.

    The publication's backbone was trained on ImageNet. Here nothing is pretrained, so that it can
    stand beside the other methods: the first task trains all weights, which then are fixed, and
    later tasks choose among them. A BatchNorm for all tasks is fixed with them, as published. Where
    tasks have outputs of their own, these are a head without a mask, trained for each task, as
    published.

    All scores of a task begin at one value, and Adam moves them all as far, so that weights that
    are wrong for the new task are left out together; where outputs are shared, and have masks as
    well, most of the last layer's. A learning rate that is small beside that value brings them back
    too late: with 0.001, the third task of Split-MNIST had 78.6 with shared outputs and no
    normalisation, with 0.01 it had 88.8 (one seed, 500 test examples).
    """

    name: ClassVar[str] = "piggyback"
    title: ClassVar[str] = "Piggyback"
    role: ClassVar[Role] = Role.RELATED
    colour: ClassVar[str] = "#a6445f"
    adam_alone: ClassVar[bool] = True
    reference: ClassVar[str] = "Mallya, Davis, Lazebnik, ECCV 2018"
    rule: ClassVar[str] = "max-logit"
    supervision: ClassVar[Supervision] = Supervision.TASK_LABELS
    requirements: ClassVar[frozenset[Requirement]] = frozenset({Requirement.TASK_IDENTITY})

    threshold: float = setting(
        0.005, "score above which a weight is used; scores begin at 0.01", minimum=0, maximum=0.0099
    )
    score_lr: float = setting(
        0.01,
        "learning rate of the scores; published, on pretrained weights: 0.0001",
        minimum=0,
        search=Range(0.0005, 0.05),
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """The backbone with scores on its weights."""
        from functools import partial

        from baselines.components.masks.first_task_norm import FirstTaskBatchNorm
        from baselines.components.masks.masked_layer import OwnOutputsLayer
        from baselines.components.masks.network import MaskNetwork
        from baselines.components.masks.score_training import score_training
        from baselines.components.masks.scored_layers import PiggybackLayer

        layer = partial(PiggybackLayer, threshold=self.threshold)
        model = MaskNetwork(
            context.network(),
            layer,
            OwnOutputsLayer if context.loss == "own" else layer,
            norm=context.batch_norm,
            shared_norm=FirstTaskBatchNorm,
            head=context.head,
        )
        return score_training(context, model, self.score_lr)
