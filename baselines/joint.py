"""Training on all tasks at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from baselines.interface import Baseline, Context, Relaxation
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate


@register
@dataclass(frozen=True)
class Joint(Baseline):
    """The upper bound: one network trained on all tasks together, not a continual learner."""

    name: ClassVar[str] = "joint"
    title: ClassVar[str] = "Joint"
    reference: ClassVar[str] = "offline training on the whole stream"
    relaxations: ClassVar[frozenset[Relaxation]] = frozenset({Relaxation.ALL_TASKS_AT_ONCE})

    def build(self, context: Context) -> SupervisedTemplate:
        """Avalanche's JointTraining on the backbone, with batches of any size."""
        from torch.nn import CrossEntropyLoss

        from baselines.components.pooled_training import PooledTraining

        model = context.model()
        return PooledTraining(
            model=model,
            optimizer=context.adam(model),
            criterion=CrossEntropyLoss(),
            **context.strategy_arguments(),
        )
