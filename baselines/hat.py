"""Hard attention to the task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from baselines.interface import Baseline, Range, Requirement, Supervision, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class HAT(Baseline):
    """Hard attention to the task: gates on hidden units, learned with an embedding per task.

    It keeps its publication's SGD: Adam divides the protection of old weights out again.
    """

    name: ClassVar[str] = "hat"
    title: ClassVar[str] = "HAT"
    colour: ClassVar[str] = "#d55e00"
    reference: ClassVar[str] = "Serra, Suris, Miron, Karatzoglou, ICML 2018"
    rule: ClassVar[str] = "max-logit"
    supervision: ClassVar[Supervision] = Supervision.TASK_LABELS
    requirements: ClassVar[frozenset[Requirement]] = frozenset(
        {Requirement.HEAD_PER_TASK, Requirement.TASK_IDENTITY}
    )
    check_settings: ClassVar[Mapping[str, Any]] = {"learning_rate": 0.3, "smax": 100.0}

    smax: float = setting(400.0, "largest scale of the gates", minimum=1, maximum=1000)
    lamb: float = setting(
        0.75, "weight of the attention regulariser", minimum=0, search=Range(0.05, 5.0)
    )
    learning_rate: float = setting(0.05, "of SGD", minimum=0, search=Range(0.01, 1.0))
    clip_norm: float = setting(10000.0, "largest norm of the gradient", minimum=0)

    def build(self, context: Context) -> SupervisedTemplate:
        """The gated backbone with a head per task."""
        import torch

        from baselines.components.hat import HATNetwork, HATPlugin, HATStrategy

        model = HATNetwork(
            context.network(),
            self.smax,
            norm=context.batch_norm,
            head="shared" if context.task_outputs else "per-task",
        ).to(context.device)
        arguments = context.strategy_arguments()
        plugin = HATPlugin(smax=self.smax, lamb=self.lamb, clip_norm=self.clip_norm)
        arguments["plugins"].append(plugin)
        return HATStrategy(
            model=model,
            optimizer=torch.optim.SGD(model.parameters(), lr=self.learning_rate),
            criterion=context.criterion(),
            **arguments,
        )
