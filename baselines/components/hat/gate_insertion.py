"""Insertion of gates after each hidden activation of a Sequential or a ResNet."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torchvision.models import ResNet
from torchvision.models.resnet import BasicBlock

from baselines.components.hat.gate import Gate
from rmn.tasks.layers import TaskBatchNorm, TaskHead


@dataclass(frozen=True)
class GatedLayer:
    """A layer whose weights connect gated units.

    Attributes:
        layer: the layer.
        inputs: gate of its input units; None for the network's own input.
        outputs: gate of its output units.
    """

    layer: nn.Linear | nn.Conv2d
    inputs: Gate | None
    outputs: Gate


@dataclass(frozen=True)
class GatedNetwork:
    """A network with gates.

    Attributes:
        body: the network.
        head: its last layer.
        gates: in the order of the forward pass.
        layers: all weighted layers but the head.
    """

    body: nn.Module
    head: TaskHead | nn.Linear
    gates: list[Gate] = field(default_factory=list)
    layers: list[GatedLayer] = field(default_factory=list)


@dataclass(frozen=True)
class _Insertion:
    """What goes into a network.

    Attributes:
        smax: largest scale of the gates.
        norm_per_task: whether there is a BatchNorm for each task.
        head_per_task: whether there is a last layer for each task.
    """

    smax: float
    norm_per_task: bool
    head_per_task: bool

    def norm(self, layer: nn.Module) -> nn.Module:
        """What stands for a normalisation."""
        if self.norm_per_task and isinstance(layer, _BatchNorm):
            return TaskBatchNorm(layer)
        return layer

    def head(self, layer: nn.Linear) -> TaskHead | nn.Linear:
        """What stands for the last layer."""
        return TaskHead(layer) if self.head_per_task else layer

    def gate(self, units: int) -> Gate:
        """A gate for so many units."""
        return Gate(units, self.smax)


def insert_gates(
    network: nn.Module,
    smax: float,
    *,
    norm: Literal["per-task", "shared"] = "per-task",
    head: Literal["per-task", "shared"] = "per-task",
) -> GatedNetwork:
    """A copy of a network with gates, and no biases.

    Args:
        network: a ResNet of torchvision with basic blocks; or a Sequential of Linear, Conv2d,
            BatchNorm and layers without parameters, in which each weighted layer but the last is
            followed by a ReLU.
        smax: largest scale of the gates.
        norm: a BatchNorm for each task, or one for all.
        head: a last layer for each task, or one for all.

    Raises:
        ValueError: the network is neither, or a layer cannot be gated; it is named.
    """
    network = copy.deepcopy(network)
    insertion = _Insertion(smax, norm == "per-task", head == "per-task")
    if isinstance(network, ResNet):
        return _gate_resnet(network, insertion)
    if isinstance(network, nn.Sequential):
        return _gate_sequential(network, insertion)
    kind = type(network).__name__
    raise ValueError(f"HAT gates an nn.Sequential or a torchvision ResNet, not a {kind}")


def _gate_sequential(network: nn.Sequential, insertion: _Insertion) -> GatedNetwork:
    modules: list[nn.Module] = []
    gates: list[Gate] = []
    weighted: list[nn.Linear | nn.Conv2d] = []
    for name, layer in network.named_children():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            if len(gates) < len(weighted):
                raise ValueError(f"HAT needs a ReLU between layer {name} and the one before it")
            layer.bias = None
            weighted.append(layer)
        elif isinstance(layer, _BatchNorm):
            layer = insertion.norm(layer)
        elif any(True for _ in layer.parameters()):
            raise ValueError(f"HAT cannot gate layer {name} ({type(layer).__name__})")
        modules.append(layer)
        if isinstance(layer, nn.ReLU):
            if len(gates) == len(weighted):
                raise ValueError(f"HAT needs a Linear or Conv2d layer right before ReLU {name}")
            gates.append(insertion.gate(weighted[-1].weight.shape[0]))
            modules.append(gates[-1])
    if not isinstance(modules[-1], nn.Linear):
        raise ValueError(f"HAT needs a Linear layer at the end, not {type(modules[-1]).__name__}")
    head = insertion.head(modules[-1])
    modules[-1] = head
    inputs = [None, *gates][: len(gates)]
    layers = list(map(GatedLayer, weighted[:-1], inputs, gates))
    return GatedNetwork(nn.Sequential(*modules), head, gates, layers)


class _GatedBlock(nn.Module):
    """A residual block whose output is gated, with what it passes on from the block before."""

    def __init__(self, block: BasicBlock, gate: Gate) -> None:
        super().__init__()
        self.block = block
        self.gate = gate

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, channels, height, width)."""
        output: Tensor = self.gate(self.block(x))
        return output


def _gate_resnet(network: ResNet, insertion: _Insertion) -> GatedNetwork:
    """Insert gates after the stem, the first half of each block and each block's sum.

    Gates are not negative, so one may stand before a ReLU as well as after it.
    """
    gated = GatedNetwork(network, insertion.head(network.fc))
    network.fc = gated.head

    def add_gate(units: int) -> Gate:
        gated.gates.append(insertion.gate(units))
        return gated.gates[-1]

    previous = add_gate(network.conv1.out_channels)
    gated.layers.append(GatedLayer(network.conv1, None, previous))
    network.bn1 = nn.Sequential(insertion.norm(network.bn1), previous)
    for stage in (network.layer1, network.layer2, network.layer3, network.layer4):
        for place, block in enumerate(stage):
            if not isinstance(block, BasicBlock):
                raise ValueError(f"HAT gates ResNets of basic blocks, not {type(block).__name__}")
            middle, after = add_gate(block.conv1.out_channels), add_gate(block.conv2.out_channels)
            gated.layers.append(GatedLayer(block.conv1, previous, middle))
            gated.layers.append(GatedLayer(block.conv2, middle, after))
            block.bn1 = nn.Sequential(insertion.norm(block.bn1), middle)
            block.bn2 = insertion.norm(block.bn2)
            if block.downsample is not None:
                gated.layers.append(GatedLayer(block.downsample[0], previous, after))
                block.downsample[1] = insertion.norm(block.downsample[1])
            stage[place] = _GatedBlock(block, after)
            previous = after
    return gated
