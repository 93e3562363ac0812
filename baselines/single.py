"""A network of its own for each task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from baselines.interface import Baseline, Requirement, Role, Supervision
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class Single(Baseline):
    """One fresh backbone per task: what the backbone can learn of each task alone."""

    name: ClassVar[str] = "single"
    title: ClassVar[str] = "Single"
    role: ClassVar[Role] = Role.BOUND
    colour: ClassVar[str] = "#ca9161"
    reference: ClassVar[str] = "one network per task"
    rule: ClassVar[str] = "max-logit"
    supervision: ClassVar[Supervision] = Supervision.TASK_LABELS
    requirements: ClassVar[frozenset[Requirement]] = frozenset(
        {Requirement.SEVERAL_MODELS, Requirement.TASK_IDENTITY}
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning of a network per task."""
        from baselines.components.per_task import NetworkPerTask
        from baselines.components.single_task_training import SingleTaskTraining

        model = NetworkPerTask(context.network).to(context.device)
        return SingleTaskTraining(
            model=model,
            optimizer=context.make_optimizer(model),
            criterion=context.criterion(),
            **context.strategy_arguments(),
        )
