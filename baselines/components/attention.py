"""Hard attention to the task: gates on hidden units, and networks that have them."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from rmn.layers import TaskBatchNorm, TaskHead, TaskLayer
from rmn.network import TaskNetwork


class Gate(TaskLayer):
    """Multiplies hidden units by sigmoid(scale * embedding of the task) (Serra 2018, Equation 1).

    Attributes:
        embedding: of the live task, (units,).
        scale: s, from nearly linear to nearly a step as it grows.
        finished: gates of the finished tasks at the largest scale, (tasks, units).
    """

    finished: Tensor

    def __init__(self, units: int, smax: float) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(units))
        self.smax = smax
        self.scale = smax
        self.register_buffer("finished", torch.empty(0, units))

    def gates(self) -> Tensor:
        """The live task's gates, (units,)."""
        return torch.sigmoid(self.scale * self.embedding)

    def cumulative(self) -> Tensor:
        """Largest gate of any finished task, (units,); zeros before the first (Equation 2)."""
        if not len(self.finished):
            return torch.zeros_like(self.embedding)
        return self.finished.amax(0)

    def compute(self, x: Tensor, task: int | None) -> Tensor:
        """Gated units; x: (n, units) or (n, units, height, width)."""
        gates = self.gates() if task is None else self.finished[task]
        return x * gates.reshape(-1, *(1,) * (x.dim() - 2))

    @torch.no_grad()
    def begin_task(self) -> None:
        """Draw a fresh embedding from N(0, 1)."""
        self.embedding.normal_()

    @torch.no_grad()
    def finish_task(self) -> None:
        """Keep the gates at the largest scale."""
        self.scale = self.smax
        self.finished = torch.cat([self.finished, self.gates()[None]])


class AttentionNetwork(TaskNetwork):
    """A chain of layers with a gate after each hidden activation and one head per task.

    BatchNorm is per task as well: shared statistics would undo what the gates protect.

    Args:
        network: a Sequential of Linear, Conv2d, BatchNorm and layers without parameters, in which
            each weighted layer but the last is followed by a ReLU; biases are dropped.
        smax: largest scale of the gates.

    Raises:
        ValueError: a layer cannot be gated; it is named.
    """

    def __init__(self, network: nn.Module, smax: float) -> None:
        layers = _gated(network, smax)
        super().__init__(nn.Sequential(*layers))
        self.gates = [layer for layer in layers if isinstance(layer, Gate)]
        weighted = [layer for layer in layers if isinstance(layer, nn.Linear | nn.Conv2d)]
        before: list[Gate | None] = [None, *self.gates]
        self.gated = list(zip(weighted, before, self.gates, strict=False))

    @property
    def head(self) -> TaskHead:
        """The output layers."""
        *_, last = self.body.children()
        assert isinstance(last, TaskHead)
        return last

    def masks(self) -> Mapping[str, Tensor]:
        """Weights between units whose gates are open (above 0.5): bool, (tasks, *weight shape)."""
        names = {layer: name for name, layer in self.body.named_modules()}
        masks = {}
        for layer, before, after in self.gated:
            open_out = after.finished > 0.5
            open_in = torch.ones_like(open_out[:, :1]) if before is None else before.finished > 0.5
            masks[names[layer]] = spread(open_out, open_in, layer.weight)
        last = self.gates[-1].finished > 0.5
        outputs = torch.ones_like(last[:, :1]).expand(-1, self.head.live.out_features)
        masks[names[self.head]] = spread(outputs, last, self.head.live.weight)
        return masks


def spread(outputs: Tensor, inputs: Tensor, weight: Tensor) -> Tensor:
    """The smaller of an output unit's and an input unit's value for each weight between them.

    Args:
        outputs: (tasks, out) values of output units.
        inputs: (tasks, units) values of the gated units before, or (tasks, 1) for all inputs;
            a unit feeds several inputs where maps were flattened.
        weight: (out, in) or (out, in, height, width), giving the shape.

    Returns:
        (tasks, *weight shape).
    """
    inputs = inputs.repeat_interleave(weight.shape[1] // inputs.shape[1], dim=1)
    values = torch.minimum(outputs[:, :, None], inputs[:, None, :])
    values = values.reshape(*values.shape, *(1,) * (weight.dim() - 2))
    return values.expand(-1, *weight.shape)


def _gated(network: nn.Module, smax: float) -> list[nn.Module]:
    if not isinstance(network, nn.Sequential):
        raise ValueError(f"HAT gates an nn.Sequential, not a {type(network).__name__}")
    made: list[nn.Module] = []
    units = 0
    for name, layer in copy.deepcopy(network).named_children():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            units = layer.weight.shape[0]
            layer.bias = None
        elif isinstance(layer, _BatchNorm):
            layer = TaskBatchNorm(layer)
        elif any(True for _ in layer.parameters()):
            raise ValueError(f"HAT cannot gate layer {name} ({type(layer).__name__})")
        made.append(layer)
        if isinstance(layer, nn.ReLU):
            made.append(Gate(units, smax))
    if not isinstance(made[-1], nn.Linear):
        raise ValueError(f"HAT needs a Linear layer at the end, not {type(made[-1]).__name__}")
    made[-1] = TaskHead(made[-1])
    return made
