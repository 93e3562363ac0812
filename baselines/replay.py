"""Replay of stored examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from baselines.interface import Baseline, Requirement, Role, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class Replay(Baseline):
    """Experience replay: half of every batch comes from a buffer balanced over what was shown.

    From the second task on, batches are as long as two: as many stored examples as new ones, which
    come in an order of their own.
    """

    name: ClassVar[str] = "replay"
    title: ClassVar[str] = "Replay"
    role: ClassVar[Role] = Role.REPLAY
    colour: ClassVar[str] = "#ece133"
    reference: ClassVar[str] = "Rolnick et al., NeurIPS 2019; Avalanche's Replay"
    requirements: ClassVar[frozenset[Requirement]] = frozenset({Requirement.REPLAY})
    version: ClassVar[int] = 2  # the bytes of the buffer are counted

    memory: int = setting(200, "examples in the buffer, over all tasks", minimum=1)

    def check_stream(self, tasks: int) -> None:
        """The buffer has a place for each task.

        Raises:
            ValueError: it has not.
        """
        if self.memory < tasks:
            raise ValueError(
                f"replay.memory is {self.memory} and the stream has {tasks} tasks; a buffer that "
                "is balanced over the tasks needs at least one example of each: --set "
                f"replay.memory={tasks}"
            )

    def build(self, context: Context) -> SupervisedTemplate:
        """Avalanche's Replay on the backbone."""
        from avalanche.training.supervised import Replay as AvalancheReplay

        model = context.model()
        return AvalancheReplay(
            model=model,
            optimizer=context.make_optimizer(model),
            criterion=context.criterion(),
            mem_size=self.memory,
            **context.strategy_arguments(),
        )
