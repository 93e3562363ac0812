"""Diagonal Laplace propagation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from baselines.interface import Baseline, Range, Role, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class DiagonalLaplacePropagation(Baseline):
    """DLP: the posterior of the weights is a Gaussian around their latest values.

    Its precisions are the sum, over the examples of all tasks, of each one's squared gradient: the
    Fisher information in place of the Hessian of the publication, which has negative entries in a
    network that has not converged. The prior is flat. Of EWC's online mode without decay it differs
    in that a task counts by the number of its examples.
    """

    name: ClassVar[str] = "dlp"
    version: ClassVar[int] = 2  # 1 counted an example of an unlabelled stream each time it is shown
    title: ClassVar[str] = "DLP"
    role: ClassVar[Role] = Role.REFERENCE
    colour: ClassVar[str] = "#b35806"
    reference: ClassVar[str] = (
        "Smola, Vishwanathan, Eskin, Laplace propagation, NeurIPS 2003, as in Nguyen et al. 2018"
    )
    penalty_setting: ClassVar[str] = "dlp_lambda"

    dlp_lambda: float = setting(
        1.0,
        "what the precisions are multiplied with; 1 is Laplace's",
        minimum=0,
        search=Range(0.1, 1e6),
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning with our plugin."""
        from baselines.components.fine_tuning import fine_tuning
        from baselines.components.laplace_propagation import LaplacePropagationPlugin

        return fine_tuning(context, LaplacePropagationPlugin(self.dlp_lambda))
