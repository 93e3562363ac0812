"""Supermasks in superposition."""

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
class SupSup(Baseline):
    """SupSup: weights stay random, and each task learns which of them to use (edge-popup).

    Where no identity is given, the task is the one whose mask has the output of least entropy. The
    publication finds it by gradients over a mixture of all masks, to save a pass for each of them:
    its one-shot and binary rules are measured beside it after the last task. Each input is answered
    alone; the publication also averages over batches of one task.

    Where tasks have outputs of their own, the mask is over the weights of these. A head per task is
    trained. A BatchNorm that all tasks share goes on learning, and is forgotten by.
    """

    name: ClassVar[str] = "supsup"
    title: ClassVar[str] = "SupSup"
    role: ClassVar[Role] = Role.RELATED
    colour: ClassVar[str] = "#3d8b6e"
    adam_alone: ClassVar[bool] = True
    reference: ClassVar[str] = "Wortsman et al., Supermasks in superposition, NeurIPS 2020"
    rule: ClassVar[str] = "entropy"
    supervision: ClassVar[Supervision] = Supervision.TASK_LABELS
    requirements: ClassVar[frozenset[Requirement]] = frozenset({Requirement.TASK_IDENTITY})

    density: float = setting(
        0.5,
        "share of each layer's weights that a task uses",
        minimum=0.001,
        maximum=1,
        search=Choices((0.05, 0.1, 0.3, 0.5, 0.7), beyond=(0.02, 0.9)),
    )
    score_lr: float = setting(
        0.005, "learning rate of the scores", minimum=0, search=Range(0.0005, 0.05)
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """The backbone with random weights and scores on them."""
        from functools import partial

        from baselines.components.masks.network import MaskNetwork
        from baselines.components.masks.score_training import score_training
        from baselines.components.masks.scored_layers import SupSupLayer
        from baselines.components.masks.strategy import SupSupTraining

        layer = partial(SupSupLayer, density=self.density)
        model = MaskNetwork(
            context.network(),
            layer,
            layer,
            norm=context.batch_norm,
            head=context.head,
            rule=self.rule,
        )
        return score_training(context, model, self.score_lr, SupSupTraining)
