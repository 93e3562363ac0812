"""Layers with one relevance mapping, or one BatchNorm, per task.

Each layer has one live set of parameters, those of the task being learned, so that an optimizer
made once stays valid; finished tasks are kept beside it as buffers. `task` selects what a layer
computes: None for the live task, an index for a finished one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rmn.relevance import initialise, pack, soft_round, unpack


class TaskLayer(nn.Module, ABC):
    """A layer that computes something else for each task.

    Attributes:
        task: the finished task whose function is computed; None for the live one.
        per_task: name of the buffer that grows by one row with each finished task.
        mixture: weights of the finished tasks for each input, shape (n, tasks); when it is set,
            the layer computes the weighted sum of the tasks' outputs (SupSup, Section 3.3).
    """

    per_task: ClassVar[str] = "finished"

    def __init__(self) -> None:
        super().__init__()
        self.task: int | None = None
        self.mixture: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        """The layer's output under the selected task or mixture."""
        if self.mixture is None:
            return self.compute(x, self.task)
        weights = self.mixture.reshape(*self.mixture.shape, *(1,) * (x.dim() - 1))
        outputs = [weights[:, task] * self.compute(x, task) for task in range(weights.shape[1])]
        return torch.stack(outputs).sum(0)

    @abstractmethod
    def compute(self, x: Tensor, task: int | None) -> Tensor:
        """The output under one task."""

    @abstractmethod
    def begin_task(self) -> None:
        """Make the live parameters fresh for a new task."""

    @abstractmethod
    def finish_task(self) -> None:
        """Keep the live task for good."""

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        saved = state_dict.get(prefix + self.per_task)
        if saved is not None:  # the number of tasks may differ from this network's
            here = self.get_buffer(self.per_task).device
            setattr(self, self.per_task, torch.empty_like(saved, device=here))
        super()._load_from_state_dict(state_dict, prefix, *rest)


class RelevanceLayer(TaskLayer):
    """A weighted layer without bias whose weights are multiplied by a relevance mapping.

    Attributes:
        weight: shared by all tasks.
        mapping: of the live task, same shape as `weight`, raw values around [0, 1].
        initialisation: how fresh mappings are drawn, see `rmn.relevance.initialise`.
        spread: standard deviation of the normal initialisation.
        beta: tightness of the soft-round, a scalar; a parameter when it is learned.
        packed: masks of finished tasks as bits, uint8, (tasks, ceil(numel / 8)).
        uses: number of finished tasks that use each weight, int16, shape of `weight`.
        pruned: live entries that are held at zero, bool, shape of `weight`.
        price: what full relevance of each weight costs in the live task, shape of `weight`;
            None for nothing.
        soft: weights times relevance for the present training pass, made by the network.
    """

    per_task: ClassVar[str] = "packed"
    weight: nn.Parameter
    mapping: nn.Parameter
    beta: Tensor
    packed: Tensor
    uses: Tensor
    pruned: Tensor

    def __init__(
        self, weight: Tensor, beta: float, learn_beta: bool, initialisation: str, spread: float
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.detach().clone())
        self.mapping = nn.Parameter(torch.empty_like(self.weight))
        self.initialisation, self.spread = initialisation, spread
        initialise(self.mapping, initialisation, spread)
        scalar = torch.tensor(float(beta), device=weight.device)
        if learn_beta:
            self.beta = nn.Parameter(scalar)
        else:
            self.register_buffer("beta", scalar)
        flags = torch.zeros_like(self.weight, dtype=torch.bool)
        self.register_buffer("packed", pack(flags)[None][:0])
        self.register_buffer("uses", flags.to(torch.int16))
        self.register_buffer("pruned", flags)
        self.price: Tensor | None = None
        self.soft: Tensor | None = None
        self._free: Tensor | None = None
        self._fixed_values: Tensor | None = None
        self._kept: Tensor | None = None

    @property
    def relevance(self) -> Tensor:
        """The live mapping after the soft-round, same shape as `weight`."""
        return soft_round(self.mapping, self.beta)

    def masks(self) -> Tensor:
        """Masks of the finished tasks, bool, (tasks, *weight shape)."""
        return unpack(self.packed, self.weight.shape)

    def live_mask(self) -> Tensor:
        """The live mapping rounded at 0.5, bool, shape of `weight`."""
        return self.mapping.detach() > 0.5

    def masked_weight(self, task: int | None) -> Tensor:
        """The weights that one task computes with: soft while the live task is trained."""
        if task is not None:
            return self.weight * unpack(self.packed[task], self.weight.shape)
        if not self.training:
            return self.weight * self.live_mask()
        assert self.soft is not None, "a live task is trained through its network only"
        return self.soft

    def begin_task(self) -> None:
        """Draw a fresh mapping and note which weights earlier tasks have fixed."""
        initialise(self.mapping, self.initialisation, self.spread)
        self.pruned.zero_()
        self._kept = None
        if len(self.packed):
            self._free = (self.uses == 0).to(self.weight.dtype)
            self._fixed_values = self.weight.detach() * (1 - self._free)

    @torch.no_grad()
    def prune(self, mu: float) -> None:
        """Zero the live entries whose relevance is at most `mu`, for the rest of the task."""
        self.pruned |= self.relevance <= mu
        self._kept = (~self.pruned).to(self.mapping.dtype)
        self.mapping.mul_(self._kept)

    @torch.no_grad()
    def hold(self) -> None:
        """Undo what the optimizer did to fixed weights and to pruned entries.

        Masking gradients would not be enough: momentum, Adam's moments and weight decay move
        parameters whose gradient is zero. The union of the earlier masks is held; the product that
        the paper prints (Section 3.2 of its supplement) would leave old tasks unprotected.
        """
        if self._free is not None and self._fixed_values is not None:
            torch.addcmul(self._fixed_values, self.weight, self._free, out=self.weight.data)
        if self._kept is not None:
            self.mapping.mul_(self._kept)

    @torch.no_grad()
    def finish_task(self) -> None:
        """Keep the rounded mapping for good and fix the weights that it uses."""
        mask = self.live_mask()
        self.packed = torch.cat([self.packed, pack(mask)[None]])
        self.uses += mask
        self._free = self._fixed_values = self._kept = self.price = self.soft = None


class RelevanceLinear(RelevanceLayer):
    """A linear layer with relevance mappings ("M-Linear"); x: (n, in) -> (n, out)."""

    def __init__(
        self, layer: nn.Linear, beta: float, learn_beta: bool, initialisation: str, spread: float
    ) -> None:
        super().__init__(layer.weight, beta, learn_beta, initialisation, spread)

    def compute(self, x: Tensor, task: int | None) -> Tensor:
        """The output under one task."""
        return F.linear(x, self.masked_weight(task))


class RelevanceConv2d(RelevanceLayer):
    """A 2-d convolution with relevance mappings ("M-Conv2D"); x: (n, channels, height, width)."""

    def __init__(
        self, layer: nn.Conv2d, beta: float, learn_beta: bool, initialisation: str, spread: float
    ) -> None:
        super().__init__(layer.weight, beta, learn_beta, initialisation, spread)
        self.stride, self.dilation, self.groups = layer.stride, layer.dilation, layer.groups
        self.padding = layer.padding

    def compute(self, x: Tensor, task: int | None) -> Tensor:
        """The output under one task."""
        weight = self.masked_weight(task)
        return F.conv2d(x, weight, None, self.stride, self.padding, self.dilation, self.groups)


class TaskBatchNorm(TaskLayer):
    """One set of BatchNorm statistics, scales and shifts per task.

    Attributes:
        live: the BatchNorm of the task being learned.
        finished: scale, shift, running mean and running variance of the finished tasks,
            shape (tasks, 4, channels).
    """

    finished: Tensor

    def __init__(self, norm: nn.modules.batchnorm._BatchNorm) -> None:
        super().__init__()
        self.live = norm
        assert norm.running_mean is not None
        self.register_buffer("finished", norm.running_mean.new_empty(0, 4, norm.num_features))

    def compute(self, x: Tensor, task: int | None) -> Tensor:
        """The output under one task; only the live one ever updates its statistics."""
        if task is None:
            output: Tensor = self.live(x)
            return output
        weight, bias, mean, variance = self.finished[task]
        return F.batch_norm(x, mean, variance, weight, bias, training=False, eps=self.live.eps)

    def begin_task(self) -> None:
        """Reset statistics, scale and shift."""
        self.live.reset_parameters()

    @torch.no_grad()
    def finish_task(self) -> None:
        """Keep the live statistics, scale and shift for good."""
        norm = self.live
        mean, variance = norm.running_mean, norm.running_var
        assert mean is not None
        assert variance is not None
        values = torch.stack([norm.weight, norm.bias, mean, variance])
        self.finished = torch.cat([self.finished, values[None]])


class TaskHead(TaskLayer):
    """One output layer per task; x: (n, in) -> (n, outputs)."""

    finished: Tensor

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.live = nn.Linear(layer.in_features, layer.out_features, bias=False)
        self.live.weight.data.copy_(layer.weight)
        self.register_buffer("finished", self.live.weight.new_empty(0, *layer.weight.shape))

    def compute(self, x: Tensor, task: int | None) -> Tensor:
        """Logits under one task."""
        return F.linear(x, self.live.weight if task is None else self.finished[task])

    def begin_task(self) -> None:
        """Draw fresh weights."""
        self.live.reset_parameters()

    @torch.no_grad()
    def finish_task(self) -> None:
        """Keep the live weights."""
        self.finished = torch.cat([self.finished, self.live.weight[None]])
