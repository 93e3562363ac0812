"""A network of its own for each task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from baselines.interface import Baseline, Context, Relaxation, Told
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate


@register
@dataclass(frozen=True)
class Single(Baseline):
    """One fresh backbone per task: what the backbone can learn of each task alone."""

    name: ClassVar[str] = "single"
    title: ClassVar[str] = "Single"
    reference: ClassVar[str] = "one network per task"
    rule: ClassVar[str] = "max-logit"
    told: ClassVar[Told] = Told.LABELS
    relaxations: ClassVar[frozenset[Relaxation]] = frozenset(
        {Relaxation.SEVERAL_MODELS, Relaxation.TASK_IDENTITY}
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning of a network per task."""
        from torch.nn import CrossEntropyLoss

        from baselines.components.part_per_task import NetworkPerTask
        from baselines.components.single_task_training import SingleTaskTraining

        model = NetworkPerTask(context.network).to(context.device)
        return SingleTaskTraining(
            model=model,
            optimizer=context.adam(model),
            criterion=CrossEntropyLoss(),
            **context.strategy_arguments(),
        )
