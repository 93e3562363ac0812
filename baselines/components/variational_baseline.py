"""What the forms of variational continual learning declare. Nothing here imports torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baselines.interface import Baseline, Range, setting

if TYPE_CHECKING:
    from avalanche.training.plugins import SupervisedPlugin
    from avalanche.training.supervised import Naive

    from baselines.context import Context


@dataclass(frozen=True)
class VariationalBaseline(Baseline):
    """A method whose weights are Gaussians."""

    kl_weight: float = setting(
        1.0,
        "weight of the divergence from the posterior before the task; published: 1",
        minimum=0,
        search=Range(0.001, 10.0),
    )
    initial_std: float = setting(
        1.0,
        "standard deviation of a weight at first, over that of its layer's first means",
        minimum=1e-6,
        search=Range(0.1, 3.0),
    )

    variance_rate: float = setting(
        1.0,
        "how many times faster log-variances are learned than means",
        minimum=0.01,
        search=Range(0.1, 10.0),
    )

    draws: int = setting(
        1,
        "draws of the outputs for each example of a batch; the authors' code has 10",
        minimum=1,
        maximum=100,
        later=True,
    )

    def variational_training(self, context: Context, *plugins: SupervisedPlugin) -> Naive:
        """Fine-tuning of the backbone with Gaussian weights.

        Args:
            context: of the comparison.
            *plugins: the method's own.
        """
        from baselines.components.fine_tuning import fine_tuning
        from baselines.components.gaussian_layers import with_gaussian_weights

        model = with_gaussian_weights(
            context.model(), self.initial_std, self.variance_rate, self.draws
        )
        return fine_tuning(context, *plugins, model=model)
