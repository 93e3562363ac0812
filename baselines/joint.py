"""Training on all tasks at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from baselines.interface import Baseline, Requirement, Role
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class Joint(Baseline):
    """The upper bound: one network trained on all tasks together, not a continual learner."""

    name: ClassVar[str] = "joint"
    title: ClassVar[str] = "Joint"
    role: ClassVar[Role] = Role.BOUND
    colour: ClassVar[str] = "#fbafe4"
    reference: ClassVar[str] = "offline training on the whole stream"
    requirements: ClassVar[frozenset[Requirement]] = frozenset({Requirement.ALL_TASKS_AT_ONCE})

    def build(self, context: Context) -> SupervisedTemplate:
        """Avalanche's JointTraining on the backbone, with batches of any size."""
        from baselines.components.pooled_training import PooledTraining

        model = context.model()
        return PooledTraining(
            model=model,
            optimizer=context.make_optimizer(model),
            criterion=context.criterion(),
            **context.strategy_arguments(),
        )
