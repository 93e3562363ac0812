"""Where the gates of hard attention go: after each hidden activation of a chain or a ResNet."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torchvision.models import ResNet
from torchvision.models.resnet import BasicBlock

from baselines.components.gate import Gate
from rmn.tasks.layers import TaskBatchNorm, TaskHead


@dataclass(frozen=True)
class Gated:
    """A network with gates.

    Attributes:
        body: the network; its last layer is a head per task.
        head: that layer.
        gates: in the order of the forward pass.
        weighted: layers whose weights lie between units, with the gate of their inputs (None for
            the network's own input) and that of their outputs.
    """

    body: nn.Module
    head: TaskHead
    gates: list[Gate] = field(default_factory=list)
    weighted: list[tuple[nn.Linear | nn.Conv2d, Gate | None, Gate]] = field(default_factory=list)


def gated(network: nn.Module, smax: float) -> Gated:
    """A copy of a network with gates, a BatchNorm and a head per task, and no biases.

    BatchNorm is per task because shared statistics would undo what the gates protect.

    Args:
        network: a ResNet of torchvision with basic blocks; or a Sequential of Linear, Conv2d,
            BatchNorm and layers without parameters, in which each weighted layer but the last is
            followed by a ReLU.
        smax: largest scale of the gates.

    Raises:
        ValueError: the network is neither, or a layer cannot be gated; it is named.
    """
    network = copy.deepcopy(network)
    if isinstance(network, ResNet):
        return _resnet(network, smax)
    if isinstance(network, nn.Sequential):
        return _chain(network, smax)
    kind = type(network).__name__
    raise ValueError(f"HAT gates an nn.Sequential or a torchvision ResNet, not a {kind}")


def _chain(network: nn.Sequential, smax: float) -> Gated:
    made: list[nn.Module] = []
    gates: list[Gate] = []
    weighted: list[nn.Linear | nn.Conv2d] = []
    for name, layer in network.named_children():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            if len(gates) < len(weighted):
                raise ValueError(f"HAT needs a ReLU between layer {name} and the one before it")
            layer.bias = None
            weighted.append(layer)
        elif isinstance(layer, _BatchNorm):
            layer = TaskBatchNorm(layer)
        elif any(True for _ in layer.parameters()):
            raise ValueError(f"HAT cannot gate layer {name} ({type(layer).__name__})")
        made.append(layer)
        if isinstance(layer, nn.ReLU):
            if len(gates) == len(weighted):
                raise ValueError(f"HAT needs a Linear or Conv2d layer right before ReLU {name}")
            gates.append(Gate(weighted[-1].weight.shape[0], smax))
            made.append(gates[-1])
    if not isinstance(made[-1], nn.Linear):
        raise ValueError(f"HAT needs a Linear layer at the end, not {type(made[-1]).__name__}")
    head = TaskHead(made[-1])
    made[-1] = head
    before = [None, *gates][: len(gates)]
    between = list(zip(weighted[:-1], before, gates, strict=True))
    return Gated(nn.Sequential(*made), head, gates, between)


class _GatedBlock(nn.Module):
    """A residual block whose output is gated; so is what it passes on from the block before."""

    def __init__(self, block: BasicBlock, gate: Gate) -> None:
        super().__init__()
        self.block = block
        self.gate = gate

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, channels, height, width)."""
        output: Tensor = self.gate(self.block(x))
        return output


def _resnet(network: Any, smax: float) -> Gated:
    """Gates follow the stem, the first half of each block and each block's sum.

    A gate that is not negative may stand before a ReLU as well as after it.
    """
    found = Gated(network, TaskHead(network.fc))
    network.fc = found.head

    def gate(units: int) -> Gate:
        found.gates.append(Gate(units, smax))
        return found.gates[-1]

    previous = gate(network.conv1.out_channels)
    found.weighted.append((network.conv1, None, previous))
    network.bn1 = nn.Sequential(TaskBatchNorm(network.bn1), previous)
    for stage in (network.layer1, network.layer2, network.layer3, network.layer4):
        for place, block in enumerate(stage):
            if not isinstance(block, BasicBlock):
                raise ValueError(f"HAT gates ResNets of basic blocks, not {type(block).__name__}")
            middle, after = gate(block.conv1.out_channels), gate(block.conv2.out_channels)
            found.weighted.extend([(block.conv1, previous, middle), (block.conv2, middle, after)])
            block.bn1 = nn.Sequential(TaskBatchNorm(block.bn1), middle)
            block.bn2 = TaskBatchNorm(block.bn2)
            if block.downsample is not None:
                found.weighted.append((block.downsample[0], previous, after))
                block.downsample[1] = TaskBatchNorm(block.downsample[1])
            stage[place] = _GatedBlock(block, after)
            previous = after
    return found
