"""PackNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from baselines.interface import Baseline, Choices, Requirement, Role, Supervision, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class PackNet(Baseline):
    """PackNet: after each task most of the free weights are pruned, and what is left is held.

    A task is trained on all weights, those of earlier tasks held; the free weights of the smallest
    magnitude are set to zero, per layer; the rest is trained on and held from then on. Both phases
    share the budget of the task. Where tasks have outputs of their own, these are a head that is
    not pruned, as published. A BatchNorm for all tasks is held after the first, as published.

    Avalanche's PackNet is not used. It masks gradients, so that Adam's moments move the weights of
    earlier tasks (its documentation warns of it); it has no normalisation but one without
    parameters and statistics; it prunes by epochs, and takes an output of another task for a free
    weight like any other. Masks are stored here as a bit per weight and task, where the publication
    stores the number of each weight's task.
    """

    name: ClassVar[str] = "packnet"
    title: ClassVar[str] = "PackNet"
    role: ClassVar[Role] = Role.RELATED
    colour: ClassVar[str] = "#4c5b8c"
    reference: ClassVar[str] = "Mallya & Lazebnik, CVPR 2018"
    rule: ClassVar[str] = "max-logit"
    supervision: ClassVar[Supervision] = Supervision.TASK_LABELS
    requirements: ClassVar[frozenset[Requirement]] = frozenset({Requirement.TASK_IDENTITY})

    prune_share: float = setting(
        0.75,
        "share of each layer's free weights that is pruned; published: 0.5 and 0.75",
        minimum=0,
        maximum=0.99,
        search=Choices((0.5, 0.6, 0.75, 0.85, 0.9), beyond=(0.2, 0.35, 0.95)),
    )
    retrain_share: float = setting(
        1 / 3,
        "share of a task's steps after it was pruned; published: 10 epochs after 20",
        minimum=0,
        maximum=1,
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """The backbone with layers that are pruned."""
        from baselines.components.masks.first_task_norm import FirstTaskBatchNorm
        from baselines.components.masks.masked_layer import OwnOutputsLayer
        from baselines.components.masks.network import MaskNetwork
        from baselines.components.masks.packnet import PackNetLayer, PackNetPlugin
        from baselines.components.masks.strategy import MaskTraining

        own_outputs = context.loss == "own"
        model = MaskNetwork(
            context.network(),
            PackNetLayer,
            OwnOutputsLayer if own_outputs else PackNetLayer,
            norm=context.batch_norm,
            shared_norm=FirstTaskBatchNorm,
            head=context.head,
        )
        arguments = context.strategy_arguments()
        plugin = PackNetPlugin(
            prune_share=self.prune_share,
            retrain_share=self.retrain_share,
            own_outputs=own_outputs,
        )
        arguments["plugins"].append(plugin)
        return MaskTraining(
            model=model,
            optimizer=context.make_optimizer(model),
            criterion=context.criterion(),
            **arguments,
        )
