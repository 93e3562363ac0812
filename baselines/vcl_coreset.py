"""Variational continual learning with a coreset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from baselines.components.rehearsing import RehearsingBaseline
from baselines.components.variational_baseline import VariationalBaseline
from baselines.interface import setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class VCLCoreset(VariationalBaseline, RehearsingBaseline):
    """VCL that predicts after a training on examples kept of all tasks, its random coreset.

    As published (Algorithm 1), and as VCL here in all else: these examples are left out of their
    task's own training, and what is learned of them is left out of what the next task begins with.
    With a head per task the authors' code trains each one on its own task's examples alone; here it
    is all of them at once in every scenario. The network is held twice, before and after that.
    """

    name: ClassVar[str] = "vcl_coreset"
    version: ClassVar[int] = 2  # 1 counted an example of an unlabelled stream each time it is shown
    title: ClassVar[str] = "VCL, coreset"
    colour: ClassVar[str] = "#5aae61"
    reference: ClassVar[str] = "Nguyen, Li, Bui, Turner, ICLR 2018"
    check_settings: ClassVar[Mapping[str, Any]] = {
        "kl_weight": 0.01,
        "coreset_epochs": 2,
        "per_task": 40,
    }

    coreset_epochs: int = setting(
        10, "passes over the examples kept, after each task; published: 100", minimum=0
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning of Gaussian weights with our plugins."""
        from baselines.components.variational_learning import CoresetPlugin, VariationalPlugin

        variational = VariationalPlugin(self.kl_weight, self.draws)
        coreset = CoresetPlugin(
            self.memory_budget(context),
            variational,
            epochs=self.coreset_epochs,
            learning_rate=context.learning_rate,
        )
        return self.variational_training(context, variational, coreset)
