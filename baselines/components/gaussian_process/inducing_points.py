"""What is kept of a task's function: its posterior at a few inputs (Titsias et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class InducingPosterior:
    """The posterior of a task's outputs at its inducing points.

    The prior is that of a Gaussian process with kernel K = variance * F F^T + jitter * I, where F
    are the points' features (n, d) under the present network.

    Attributes:
        outputs: numbers of the task's outputs, (k,).
        means: of the outputs, (n, k).
        second: sum over the outputs of covariance + mean mean^T, (n, n).
    """

    outputs: Tensor
    means: Tensor
    second: Tensor

    @classmethod
    def of(
        cls, features: Tensor, mean: Tensor, factor: Tensor, outputs: Tensor
    ) -> InducingPosterior:
        """The posterior at points with these features of a layer with Gaussian weights.

        Args:
            features: (n, d).
            mean: of the weights, (k, d).
            factor: of their covariances, (k, d, d).
            outputs: their numbers, (k,).
        """
        means = features @ mean.T
        roots = torch.einsum("nd,kde->nke", features, factor).flatten(1)
        return cls(outputs.clone(), means, roots @ roots.T + means @ means.T)

    def first(self, most: int) -> InducingPosterior:
        """The posterior at the first so many points."""
        return InducingPosterior(self.outputs, self.means[:most], self.second[:most, :most])

    def divergence(self, features: Tensor, variance: float, jitter: float) -> Tensor:
        """KL divergence from the prior, but for what does not depend on the features; a scalar.

        It takes matrices of the size of the points or of the features, whichever are fewer.

        Args:
            features: of the points, (n, d).
            variance: of the prior's weights.
            jitter: of the prior.
        """
        wide, (points, width) = features.double(), features.shape
        if width < points:  # by the lemmas of Woodbury and of the determinant
            inner = wide.T @ wide + (jitter / variance) * torch.eye(
                width, dtype=wide.dtype, device=wide.device
            )
            seen = wide.T @ self.second.double() @ wide
            trace = (self.second.trace() - (torch.linalg.inv(inner) * seen).sum()) / jitter
            log_volume = torch.linalg.slogdet(inner).logabsdet
        else:
            prior = _prior(features, variance, jitter)
            trace = (torch.linalg.inv(prior) * self.second).sum()  # both are symmetric
            log_volume = torch.linalg.slogdet(prior).logabsdet
        divergence: Tensor = (trace + len(self.outputs) * log_volume) / 2
        return divergence.to(features.dtype)

    def weights(self, features: Tensor, variance: float, jitter: float) -> Tensor:
        """Weights of the outputs' mean prediction from features, (k, d): variance * F^T K^-1 means.

        Args:
            features: of the points, (n, d).
            variance: of the prior's weights.
            jitter: of the prior.
        """
        factor = torch.linalg.cholesky(_prior(features, variance, jitter))
        solved = torch.cholesky_solve(self.means.double(), factor)
        weights: Tensor = variance * solved.T @ features.double()
        return weights.to(features.dtype)


def _prior(features: Tensor, variance: float, jitter: float) -> Tensor:
    """The kernel of points, (n, n), in float64.

    Args:
        features: of the points, (n, d).
        variance: of the prior's weights.
        jitter: of the prior.
    """
    wide = features.double()
    kernel = variance * wide @ wide.T
    return kernel + jitter * torch.eye(len(wide), dtype=wide.dtype, device=wide.device)
