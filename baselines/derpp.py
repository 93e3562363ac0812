"""Dark experience replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from baselines.components.rehearsing import RehearsingBaseline
from baselines.interface import Range, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class DarkExperienceReplay(RehearsingBaseline):
    """DER++: stored examples are to keep their classes and the logits that the network gave them.

    The loss is as published (Equation 6); DER is what beta 0 makes of it. The publication fills its
    buffer by reservoir sampling throughout the stream, with logits of that moment; here each task
    has its part, drawn when it was learned, with the logits of then. These count over the outputs
    that the loss was over: the task's own in task-il, those of the classes seen in class-il. Their
    distance is a mean over outputs, as in the authors' code, where Equation 6 has the sum. The
    authors show both kinds of stored examples in passes of their own; here they have one.

    The default strengths are neither published nor tuned; with alpha 0.5 and beta 1 the last task
    of a small stream with shared outputs and no normalisation was learned to less than 80 %.
    """

    name: ClassVar[str] = "derpp"
    title: ClassVar[str] = "DER++"
    colour: ClassVar[str] = "#ff7c43"
    reference: ClassVar[str] = "Buzzega et al., NeurIPS 2020"
    check_settings: ClassVar[Mapping[str, Any]] = {"alpha": 0.02}

    alpha: float = setting(0.2, "weight of the stored logits", minimum=0, search=Range(0.01, 10.0))
    beta: float = setting(0.5, "weight of the stored classes", minimum=0, search=Range(0.05, 10.0))
    sample: int | None = setting(
        None,
        "stored examples of each of the two parts of a step; none: as many as new ones",
        minimum=1,
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning with our plugin."""
        from baselines.components.dark_experience_replay import DarkExperienceReplayPlugin
        from baselines.components.fine_tuning import fine_tuning

        memory = DarkExperienceReplayPlugin(
            self.memory_budget(context), alpha=self.alpha, beta=self.beta, sample=self.sample
        )
        return fine_tuning(context, memory)
