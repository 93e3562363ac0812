"""Variational continual learning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from baselines.components.variational_baseline import VariationalBaseline
from baselines.interface import Role
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class VCL(VariationalBaseline):
    """VCL: weights are Gaussians, and the posterior of a task is the prior of the next.

    As published without a coreset (mean field, standard prior), with local reparameterisation in
    place of drawn weights and small first variances in place of a first training by maximum
    likelihood (Swaroop et al. 2019, "Improving and understanding variational continual learning",
    who also begin each task from fresh weights; here it goes on from the last posterior).
    Predictions are those of the mean weights, where the publication averages over 100 draws: over
    50, accuracies differed by no more than 0.8 points at the default strength (one seed).
    BatchNorms have no Gaussians; one that all tasks share goes on learning, and is forgotten by.
    A step passes through each layer twice.
    """

    name: ClassVar[str] = "vcl"
    version: ClassVar[int] = 2  # 1 counted an example of an unlabelled stream each time it is shown
    title: ClassVar[str] = "VCL"
    role: ClassVar[Role] = Role.REFERENCE
    colour: ClassVar[str] = "#1b7837"
    reference: ClassVar[str] = "Nguyen, Li, Bui, Turner, ICLR 2018"
    check_settings: ClassVar[Mapping[str, Any]] = {"kl_weight": 0.01}

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning of Gaussian weights with our plugin."""
        from baselines.components.variational_learning import VariationalPlugin

        return self.variational_training(context, VariationalPlugin(self.kl_weight, self.draws))
