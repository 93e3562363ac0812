"""Training on one task after the other and doing nothing against forgetting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from baselines.interface import Baseline, Role
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class Naive(Baseline):
    """The lower bound: plain fine-tuning."""

    name: ClassVar[str] = "naive"
    title: ClassVar[str] = "Naive"
    role: ClassVar[Role] = Role.BOUND
    colour: ClassVar[str] = "#949494"
    reference: ClassVar[str] = "plain fine-tuning"

    def build(self, context: Context) -> SupervisedTemplate:
        """Avalanche's Naive on the backbone."""
        from baselines.components.fine_tuning import fine_tuning

        return fine_tuning(context)
