"""Routers that fit Gaussians, to the inputs of each task or to each mask's features."""

from __future__ import annotations

import torch
from torch import Tensor

from rmn.tasks.routing.router import AnswersPerTask, Router, appended


class PixelGaussian(Router):
    """One Gaussian per task over the input values, with a diagonal covariance.

    Args:
        outputs: not needed; every router is made with it.
        smoothing: added to each value's variance, in squared input units.
    """

    means: Tensor
    variances: Tensor

    def __init__(self, outputs: int, *, smoothing: float = 0.01) -> None:
        super().__init__(outputs)
        self.smoothing = smoothing
        self.register_buffer("means", torch.empty(0))  # (tasks, values)
        self.register_buffer("variances", torch.empty(0))  # (tasks, values)
        self._size = 0
        self._sums: Tensor | int = 0
        self._squares: Tensor | int = 0

    def begin_task(self) -> None:
        """Start with no example."""
        self._size = self._sums = self._squares = 0

    def learn(self, x: Tensor, y: Tensor, network: AnswersPerTask) -> None:
        """Add up the inputs and their squares."""
        values = x.flatten(1).double()
        self._size += len(x)
        self._sums = self._sums + values.sum(0)
        self._squares = self._squares + values.square().sum(0)

    def finish_task(self) -> None:
        """Keep the task's mean and variance."""
        sums, squares = map(torch.as_tensor, (self._sums, self._squares))
        mean = sums / self._size
        variance = (squares / self._size - mean.square()).clamp_min(0) + self.smoothing
        self.means = appended(self.means, mean.float())
        self.variances = appended(self.variances, variance.float())
        self.begin_task()

    def scores(self, x: Tensor, network: AnswersPerTask) -> Tensor:
        """Log densities up to a constant, (tasks, n)."""
        values, precision = x.flatten(1), 1 / self.variances
        quadratic = precision @ values.square().T - 2 * (self.means * precision) @ values.T
        constant = (self.means.square() * precision + self.variances.log()).sum(1)
        scores: Tensor = -0.5 * (quadratic + constant[:, None])
        return scores


class FeatureGaussian(Router):
    """Per mask one Gaussian per class over the mask's features, with one covariance per mask.

    An input fits a task as well as it fits the nearest of its classes there (Lee et al. 2018, "A
    Simple Unified Framework for Detecting Out-of-Distribution Samples", Equation 2); the
    determinants of the covariances make masks comparable.

    Args:
        outputs: number of classes over all tasks.
        smoothing: added to each feature's variance, relative to the mean variance.
    """

    means: Tensor
    whitening: Tensor

    def __init__(self, outputs: int, *, smoothing: float = 0.01) -> None:
        super().__init__(outputs)
        self.smoothing = smoothing
        self.register_buffer("means", torch.empty(0))  # (tasks, outputs, d), NaN for no class
        self.register_buffer("whitening", torch.empty(0))  # (tasks, d, d)
        self._sizes: Tensor | int = 0
        self._sums: Tensor | int = 0
        self._squares: Tensor | int = 0

    def begin_task(self) -> None:
        """Start with no example."""
        self._sizes = self._sums = self._squares = 0

    def learn(self, x: Tensor, y: Tensor, network: AnswersPerTask) -> None:
        """Add up the newest mask's features per class, and their products."""
        features = network.features_per_task(x)[-1].double()
        members = torch.nn.functional.one_hot(y, self.outputs).to(features)
        self._sizes = self._sizes + members.sum(0)
        self._sums = self._sums + members.T @ features
        self._squares = self._squares + features.T @ features

    def finish_task(self) -> None:
        """Keep the classes' means and what makes their common covariance the identity."""
        sizes, sums, squares = map(torch.as_tensor, (self._sizes, self._sums, self._squares))
        means = sums / sizes[:, None]
        covariance = (squares - means.nan_to_num().T @ sums) / sizes.sum()
        covariance.diagonal().add_(self.smoothing * covariance.diagonal().mean() + 1e-12)
        whitening = torch.linalg.cholesky(torch.linalg.inv(covariance))
        self.means = appended(self.means, means.float())
        self.whitening = appended(self.whitening, whitening.float())
        self.begin_task()

    def scores(self, x: Tensor, network: AnswersPerTask) -> Tensor:
        """Log densities of the nearest class up to a constant, (tasks, n)."""
        rows = []
        for features, means, whitening in zip(
            network.features_per_task(x), self.means, self.whitening, strict=True
        ):
            known = means[~means.isnan().any(1)]
            distance = torch.cdist(features @ whitening, known @ whitening).amin(1).square()
            rows.append(whitening.diagonal().log().sum() - 0.5 * distance)
        return torch.stack(rows)
