"""Routers that fit Gaussians to the inputs of each task, or to the features under each task."""

from __future__ import annotations

import torch
from torch import Tensor

from rmn.tasks.routing.router import OutputsPerTask, Router, append_rows, refuse_tokens


class PixelGaussian(Router):
    """One Gaussian per task over the input values, with a diagonal covariance.

    Args:
        outputs: number of classes over all tasks; not used.
        smoothing: added to each value's variance, in squared input units.

    Attributes:
        means: mean of each input value, (tasks, values).
        variances: variance of each input value, (tasks, values).
    """

    means: Tensor
    variances: Tensor

    def __init__(self, outputs: int, *, smoothing: float = 0.01) -> None:
        super().__init__(outputs)
        self.smoothing = smoothing
        self.register_buffer("means", torch.empty(0))
        self.register_buffer("variances", torch.empty(0))
        self._size = 0
        self._sums: Tensor | int = 0
        self._squares: Tensor | int = 0

    def check_inputs(self, x: Tensor) -> None:
        """Refuse token ids; see the base class."""
        refuse_tokens(x)

    def begin_task(self) -> None:
        """Begin a new task with no example."""
        self._size = self._sums = self._squares = 0

    def partial_fit(self, x: Tensor, y: Tensor, network: OutputsPerTask) -> None:
        """Add the inputs of a batch and their squares to the sums.

        Args:
            x: inputs, (n, ...).
            y: classes, (n,); not used.
            network: not used.
        """
        values = x.flatten(1).double()
        self._size += len(x)
        self._sums = self._sums + values.sum(0)
        self._squares = self._squares + values.square().sum(0)

    def finish_task(self) -> None:
        """Store the mean and the variance of the task's inputs."""
        sums, squares = map(torch.as_tensor, (self._sums, self._squares))
        mean = sums / self._size
        variance = (squares / self._size - mean.square()).clamp_min(0) + self.smoothing
        self.means = append_rows(self.means, mean.float()[None])
        self.variances = append_rows(self.variances, variance.float()[None])
        self.begin_task()

    def scores(self, x: Tensor, network: OutputsPerTask) -> Tensor:
        """Log densities of the inputs up to a constant, (tasks, n).

        Args:
            x: inputs, (n, ...).
            network: not used.
        """
        values, precision = x.flatten(1).to(self.means.dtype), 1 / self.variances
        quadratic = precision @ values.square().T - 2 * (self.means * precision) @ values.T
        constant = (self.means.square() * precision + self.variances.log()).sum(1)
        scores: Tensor = -0.5 * (quadratic + constant[:, None])
        return scores


class FeatureGaussian(Router):
    """One Gaussian per class over the features under its task, with one covariance per task.

    The score of a task is the log density of its nearest class (Lee et al. 2018, "A Simple Unified
    Framework for Detecting Out-of-Distribution Samples", Equation 2); the determinants of the
    covariances make tasks comparable.

    Args:
        outputs: number of classes over all tasks.
        smoothing: added to each feature's variance, relative to the mean variance.

    Attributes:
        means: mean features of each class that a task has, (k, d); tasks ascend.
        classes: number of classes of each task, int64, (tasks,); they sum to k.
        whitening: linear map that makes the classes' common covariance the identity, (tasks, d, d).
    """

    means: Tensor
    classes: Tensor
    whitening: Tensor

    def __init__(self, outputs: int, *, smoothing: float = 0.01) -> None:
        super().__init__(outputs)
        self.smoothing = smoothing
        self.register_buffer("means", torch.empty(0))
        self.register_buffer("classes", torch.empty(0, dtype=torch.int64))
        self.register_buffer("whitening", torch.empty(0))
        self._sizes: Tensor | int = 0
        self._sums: Tensor | int = 0
        self._squares: Tensor | int = 0

    def begin_task(self) -> None:
        """Begin a new task with no example."""
        self._sizes = self._sums = self._squares = 0

    def partial_fit(self, x: Tensor, y: Tensor, network: OutputsPerTask) -> None:
        """Add the features of a batch per class, and their products, to the sums.

        Args:
            x: inputs, (n, ...).
            y: classes, (n,), int64.
            network: gives the features under the newest task.
        """
        features = network.features_per_task(x)[-1].double()
        members = torch.nn.functional.one_hot(y, self.outputs).to(features)
        self._sizes = self._sizes + members.sum(0)
        self._sums = self._sums + members.T @ features
        self._squares = self._squares + features.T @ features

    def finish_task(self) -> None:
        """Store the classes' means and the whitening of their common covariance."""
        sizes, sums, squares = map(torch.as_tensor, (self._sizes, self._sums, self._squares))
        known = sizes > 0
        means = sums[known] / sizes[known, None]
        covariance = (squares - means.T @ sums[known]) / sizes.sum()
        covariance.diagonal().add_(self.smoothing * covariance.diagonal().mean() + 1e-12)
        whitening = torch.linalg.cholesky(torch.linalg.inv(covariance))
        self.means = append_rows(self.means, means.float())
        self.classes = append_rows(self.classes, known.sum()[None])
        self.whitening = append_rows(self.whitening, whitening.float()[None])
        self.begin_task()

    def scores(self, x: Tensor, network: OutputsPerTask) -> Tensor:
        """Log densities of the nearest class up to a constant, (tasks, n).

        Args:
            x: inputs, (n, ...).
            network: gives the features under each task.
        """
        rows = []
        means_per_task = torch.split(self.means, self.classes.tolist())
        for features, means, whitening in zip(
            network.features_per_task(x), means_per_task, self.whitening, strict=True
        ):
            features = features.to(self.means.dtype)
            distance = torch.cdist(features @ whitening, means @ whitening).amin(1).square()
            rows.append(whitening.diagonal().log().sum() - 0.5 * distance)
        return torch.stack(rows)
