"""Routers that classify random features by ridge regression in closed form.

The Gram matrix and the class sums of all tasks add up, so the solution is that of all data at once
whatever the order of the tasks (Zhuang et al. 2022, "ACIL"; McDonnell et al. 2023, "RanPAC").
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from rmn.tasks.routing.router import ClassRouter, OutputsPerTask, refuse_tokens

_CHUNK: Final = 32
"""Images that are convolved at a time, so that their maps stay in the processor's cache."""


class Ridge(ClassRouter):
    """Ridge regression from random features to the classes of each task.

    Args:
        outputs: number of classes over all tasks.
        penalty: on the squared weights, relative to the features' mean square.
        seed: seed of the random features; the same for every run, since they are not learned.

    Attributes:
        gram: sum of the features' products over all examples, (m, m).
        columns: task and class of each column of `sums` and `solution`, int64, (2, k); there is one
            for each class that a task has, and tasks ascend.
        sums: sum of the features over the examples of each class of each task, (m, k).
        solution: regression weights, (m, k).
    """

    gram: Tensor
    columns: Tensor
    sums: Tensor
    solution: Tensor

    def __init__(self, outputs: int, *, penalty: float = 1e-4, seed: int = 0) -> None:
        super().__init__(outputs)
        self.penalty = penalty
        self.seed = seed
        self._task = 0
        for name in ("gram", "sums", "solution"):
            self.register_buffer(name, torch.empty(0))
        self.register_buffer("columns", torch.empty(2, 0, dtype=torch.int64))

    def check_inputs(self, x: Tensor) -> None:
        """Refuse token ids; see the base class."""
        refuse_tokens(x)

    @abstractmethod
    def draw(self, x: Tensor) -> None:
        """Draw the parameters of the random features for inputs like `x`, (n, ...)."""

    @abstractmethod
    def expand(self, x: Tensor) -> Tensor:
        """Random features of inputs x (n, ...), (n, m)."""

    def begin_task(self) -> None:
        """Begin a new task, after those that have columns."""
        self._task = int(self.columns[0].max()) + 1 if self.columns.numel() else 0

    def partial_fit(self, x: Tensor, y: Tensor, network: OutputsPerTask) -> None:
        """Add a batch to the Gram matrix and to the sums of features per class.

        Args:
            x: inputs, (n, ...).
            y: classes, (n,), int64.
            network: not used.
        """
        if not self.gram.numel():
            self.draw(x)
        features = self.expand(x)
        if not self.gram.numel():
            size = features.shape[1]
            self.gram = features.new_zeros(size, size)
            self.sums = features.new_zeros(size, 0)
        self.gram.addmm_(features.T, features)
        columns = self._columns_of_classes(y)
        self.sums.T.index_add_(0, columns[y], features)

    def _columns_of_classes(self, y: Tensor) -> Tensor:
        """The newest task's column of each class, (outputs,); classes y (n,) get theirs here."""
        self.columns = self.columns.to(y.device)
        columns = y.new_full((self.outputs,), -1)
        own = (self.columns[0] == self._task).nonzero().flatten()
        columns[self.columns[1, own]] = own
        new = ((y.bincount(minlength=self.outputs) > 0) & (columns < 0)).nonzero().flatten()
        if len(new):  # seldom: the sums are copied
            columns[new] = self.columns.shape[1] + torch.arange(len(new), device=y.device)
            added = torch.stack([torch.full_like(new, self._task), new])
            self.columns = torch.cat([self.columns, added], 1)
            self.sums = F.pad(self.sums, (0, len(new)))
        return columns

    def finish_task(self) -> None:
        """Solve the regression for all tasks so far."""
        gram = self.gram.double()
        gram.diagonal().add_(self.penalty * gram.diagonal().mean())
        factor = torch.linalg.cholesky(gram)
        self.solution = torch.cholesky_solve(self.sums.double(), factor).to(self.sums.dtype)

    def inference_tensors(self) -> list[Tensor]:
        """The random features, the solution, and the task and class of each of its columns."""
        return [buffer for name, buffer in self.named_buffers() if name not in {"gram", "sums"}]

    def scores(self, x: Tensor, network: OutputsPerTask) -> Tensor:
        """Regression value of the best class of each task, (tasks, n).

        Args:
            x: inputs, (n, ...).
            network: not used.
        """
        values = self.expand(x) @ self.solution
        classes = self.columns[0].bincount().tolist()
        return torch.stack([one.amax(1) for one in torch.split(values, classes, 1)])

    def predict(self, x: Tensor) -> Tensor:
        """The best task of inputs x (n, ...) and its best class, (2, n), int64."""
        return self.columns[:, (self.expand(x) @ self.solution).argmax(1)]


class UnitRidge(Ridge):
    """Ridge regression on random ReLU units, each connected to the whole input.

    Args:
        outputs: number of classes over all tasks.
        units: number of random units.
        penalty: see `Ridge`.
        seed: see `Ridge`.
    """

    weight: Tensor
    bias: Tensor

    def __init__(
        self, outputs: int, *, units: int = 3000, penalty: float = 1e-4, seed: int = 0
    ) -> None:
        super().__init__(outputs, penalty=penalty, seed=seed)
        self.units = units
        self.register_buffer("weight", torch.empty(0))
        self.register_buffer("bias", torch.empty(0))

    def draw(self, x: Tensor) -> None:
        """Gaussian weights (values, units) and biases (units,)."""
        generator = torch.Generator().manual_seed(self.seed)
        values = x[0].numel()
        weight = torch.randn(values, self.units, generator=generator) / values**0.5
        self.weight = weight.to(x.device)
        self.bias = (0.1 * torch.randn(self.units, generator=generator)).to(x.device)

    def expand(self, x: Tensor) -> Tensor:
        """Activations, (n, units)."""
        values = x.flatten(1).to(self.weight.dtype)
        return torch.relu(torch.addmm(self.bias, values, self.weight))


class FilterRidge(Ridge):
    """Ridge regression on random image filters, rectified on both sides and pooled.

    Args:
        outputs: number of classes over all tasks.
        filters: number of random filters.
        size: height and width of a filter, in pixels.
        pooled: height and width to which each map is averaged.
        penalty: see `Ridge`.
        seed: see `Ridge`.
    """

    weight: Tensor
    threshold: Tensor

    def __init__(
        self,
        outputs: int,
        *,
        filters: int = 96,
        size: int = 7,
        pooled: int = 4,
        penalty: float = 1e-4,
        seed: int = 0,
    ) -> None:
        super().__init__(outputs, penalty=penalty, seed=seed)
        self.filters = filters
        self.size = size
        self.pooled = pooled
        self.register_buffer("weight", torch.empty(0))
        self.register_buffer("threshold", torch.empty(0))

    def check_inputs(self, x: Tensor) -> None:
        """Refuse what is no image, or smaller than a filter; see the base class."""
        super().check_inputs(x)
        if x.dim() != 4 or min(x.shape[2:]) < self.size:
            raise ValueError(
                f"ridge-filters needs images (n, channels, height, width) of at least {self.size} "
                f"pixels in height and width, not inputs of shape {tuple(x.shape)}; use ridge-units"
            )

    def draw(self, x: Tensor) -> None:
        """Gaussian filters without mean, of unit length, and thresholds in [0, 0.5]."""
        generator = torch.Generator().manual_seed(self.seed)
        shape = (self.filters, x.shape[1], self.size, self.size)
        weight = torch.randn(shape, generator=generator)
        weight -= weight.mean((1, 2, 3), keepdim=True)
        weight /= weight.square().sum((1, 2, 3), keepdim=True).sqrt()
        self.weight = weight.to(x.device)
        threshold = 0.5 * torch.rand(self.filters, 1, 1, generator=generator)
        self.threshold = threshold.to(x.device)

    def expand(self, x: Tensor) -> Tensor:
        """Mean activations per region, (n, 2 * filters * pooled²)."""
        parts = torch.split(x.to(self.weight.dtype), _CHUNK)
        return torch.cat([self._responses(part) for part in parts])

    def _responses(self, x: Tensor) -> Tensor:
        maps = F.conv2d(x, self.weight)
        sides = (maps - self.threshold).relu_(), maps.neg_().sub_(self.threshold).relu_()
        return torch.cat([F.adaptive_avg_pool2d(side, self.pooled) for side in sides], 1).flatten(1)
