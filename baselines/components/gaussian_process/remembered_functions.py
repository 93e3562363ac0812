"""The functions of learned tasks at their inducing points, and how far features are from them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from baselines.components.gaussian_process.inducing_points import InducingPosterior
from baselines.components.gaussian_process.network import GaussianProcessNetwork


class RememberedFunctions:
    """What a `GaussianProcessNetwork` is to keep of its learned tasks (Titsias et al. 2020).

    Args:
        prior_variance: of the output layer's weights.
        jitter: what is added to the diagonal of kernels.

    Attributes:
        posteriors: of each learned task, at its inducing points.
    """

    def __init__(self, *, prior_variance: float, jitter: float) -> None:
        self.prior_variance = prior_variance
        self.jitter = jitter
        self.posteriors: list[InducingPosterior] = []

    def divergence(self, model: GaussianProcessNetwork, inputs: Sequence[Tensor]) -> Tensor:
        """KL divergences of the live task's weights and of earlier tasks' outputs; a scalar.

        Each is from its prior, that of outputs being of the present features. Inducing points are
        answered as they would be at test.

        Args:
            model: in training.
            inputs: inducing points of each learned task, (n, ...).
        """
        divergence = model.head.divergence(self.prior_variance)
        if inputs:
            model.eval()
            for task, x in enumerate(inputs):
                features = model.features(x, task)
                divergence = divergence + self.posteriors[task].divergence(
                    features, self.prior_variance, self.jitter
                )
            model.train()
        return divergence

    @torch.no_grad()
    def finish_task(self, model: GaussianProcessNetwork, inputs: Sequence[Tensor]) -> None:
        """Remember the live task, and compute anew the weights that each task predicts by.

        Args:
            model: in training.
            inputs: inducing points of each learned task and of the live one, (n, ...).
        """
        model.eval()
        model.finish_task()
        features = [model.features(x, task) for task, x in enumerate(inputs)]
        mean, factor = model.head.live()
        self.posteriors.append(InducingPosterior.of(features[-1], mean, factor, model.head.open))
        for task, (posterior, own) in enumerate(zip(self.posteriors, features, strict=True)):
            weights = posterior.weights(own, self.prior_variance, self.jitter)
            model.head.finished[task, posterior.outputs] = weights
        model.train()

    def cut(self, most: int) -> None:
        """Forget all but the first so many points of each task."""
        self.posteriors = [posterior.first(most) for posterior in self.posteriors]
