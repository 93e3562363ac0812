"""Functional regularisation of memorable past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from baselines.components.rehearsing import RehearsingBaseline
from baselines.interface import Range, Role, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class FunctionalRegularisation(RehearsingBaseline):
    """FROMP: predictions for a few memorable examples of earlier tasks are to stay what they were.

    As published (Algorithm 1) and in the authors' code, but that tau multiplies the regulariser
    instead of dividing the loss, which is the same to Adam but for the clipped norm. The memorable
    examples are those of which the network is least sure, as many of each class.

    The probabilities are over the outputs of the loss: the task's own in task-il, all classes seen
    so far in class-il, the new ones among them (van de Ven, Tuytelaars & Tolias 2022). The
    publication has no BatchNorm; one that tasks share is learned with the first task and then held.

    Each step answers all stored examples. When a task begins it takes as many passes over them as
    there are outputs, with the Jacobians of the largest layer for a task's stored examples in
    memory; when it ends, as many passes over its data. So training is slower than Naive's by about
    the number of stored examples over that of a batch.
    """

    name: ClassVar[str] = "fromp"
    version: ClassVar[int] = 3
    """1 clipped nothing, and in class-il held old classes' probabilities; 2 went on learning a
    BatchNorm that tasks share."""
    title: ClassVar[str] = "FROMP"
    role: ClassVar[Role] = Role.REFERENCE
    colour: ClassVar[str] = "#b2560d"
    reference: ClassVar[str] = "Pan et al., NeurIPS 2020"
    penalty_setting: ClassVar[str] = "tau"
    check_settings: ClassVar[Mapping[str, Any]] = {"tau": 0.01, "per_task": 20}

    tau: float = setting(
        1.0,
        "strength of the regulariser; published: 10 for 40 examples, 0.5 for 200",
        minimum=0,
        search=Range(0.01, 1000.0),
    )
    prior_precision: float = setting(
        1e-3, "delta, what is added to the curvature of the loss", minimum=1e-12
    )

    clip_norm: float = setting(1.0, "largest norm of the gradient", minimum=1e-12)

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning with our plugin."""
        from baselines.components.fine_tuning import fine_tuning
        from baselines.components.functional_regularisation import FunctionalRegularisationPlugin

        memory = FunctionalRegularisationPlugin(
            self.memory_budget(context),
            tau=self.tau,
            prior_precision=self.prior_precision,
            clip_norm=self.clip_norm,
        )
        return fine_tuning(context, memory)
