"""Replay of stored examples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from baselines.components.rehearsing import RehearsingBaseline
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class Replay(RehearsingBaseline):
    """Experience replay: half of every batch comes from a buffer of examples of earlier tasks.

    From the second task on, batches are as long as two: as many stored examples as new ones, which
    come in the comparison's order. Rolnick et al. 2019 divide a buffer of fixed size, filled by
    reservoir sampling; here it has a place for so many examples of each task (Hsu et al. 2018 call
    this naive rehearsal), and the loss is supervised, without V-trace and behavioural cloning.
    """

    name: ClassVar[str] = "replay"
    title: ClassVar[str] = "Replay"
    colour: ClassVar[str] = "#ece133"
    reference: ClassVar[str] = "Rolnick et al., NeurIPS 2019"
    version: ClassVar[int] = 3  # so many examples of each task, and new ones in everyone's order

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning with our plugin."""
        from baselines.components.fine_tuning import fine_tuning
        from baselines.components.rehearsal import RehearsalPlugin

        memory = RehearsalPlugin(self.memory_budget(context))
        # before the others: stored examples are augmented like new ones
        return fine_tuning(replace(context, plugins=(memory, *context.plugins)))
