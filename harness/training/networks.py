"""The paper's backbones, as plain PyTorch modules; methods convert them as they need.

None has a bias or dropout: RMN has none, and a comparison needs one network for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import torch
from torch import nn


def mlp(outputs: int) -> nn.Sequential:
    """The MLP of Supplement Table 2, x: (n, 1, 28, 28) or (n, 784) -> logits (n, outputs).

    Three hidden layers of 100 units, each with BatchNorm and ReLU.
    """
    layers: list[nn.Module] = [nn.Flatten()]
    for before, width in pairwise((784, 100, 100, 100)):
        layers += [nn.Linear(before, width, bias=False), nn.BatchNorm1d(width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(100, outputs, bias=False))


def omniglot_cnn(outputs: int) -> nn.Sequential:
    """The network of Supplement Table 3, x: (n, 1, 28, 28) -> logits (n, outputs).

    Four convolutions of 250 channels, each with BatchNorm, ReLU and pooling.
    """
    layers: list[nn.Module] = []
    for before, width in pairwise((1, 250, 250, 250, 250)):
        layers += [_convolution(before, width), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(250, outputs, bias=False))


def cifar_cnn(outputs: int) -> nn.Sequential:
    """The network of Supplement Table 4, x: (n, 3, 32, 32) -> logits (n, outputs).

    Six convolutions in three pairs, each pair with pooling, and a hidden layer of 256 units; its
    ReLU is that of Jung et al. 2020, whose network this is. There is no BatchNorm, so the weights
    start as He et al. 2015 have them (Equation 10): from PyTorch's own the signal would fade. They
    come from a stream of random numbers of their own: this is a second draw, and with the
    default stream's second draw a run of the same seed fills RMN's first mapping.
    """
    layers: list[nn.Module] = []
    for before, width in pairwise((3, 32, 64, 128)):
        layers += [_convolution(before, width), nn.ReLU(), _convolution(width, width), nn.ReLU()]
        layers.append(nn.MaxPool2d(2))
    hidden = [nn.Flatten(), nn.Linear(4 * 4 * 128, 256, bias=False), nn.ReLU()]
    network = nn.Sequential(*layers, *hidden, nn.Linear(256, outputs, bias=False))
    generator = torch.Generator().manual_seed(torch.initial_seed() + 2**32)
    for parameter in network.parameters():
        nn.init.kaiming_normal_(parameter, nonlinearity="relu", generator=generator)
    return network


def resnet18(outputs: int) -> nn.Module:
    """ResNet-18 with its original stem (7 x 7, stride 2, pooling), x: (n, 3, height, width)."""
    from torchvision.models import resnet18 as torchvision_resnet18

    network: nn.Module = torchvision_resnet18(num_classes=outputs)
    network.fc = nn.Linear(512, outputs, bias=False)
    return network


def resnet18_small_stem(outputs: int) -> nn.Module:
    """ResNet-18 for small images: a 3 x 3 stem without stride or pooling."""
    network = resnet18(outputs)
    network.conv1 = _convolution(3, 64)
    network.maxpool = nn.Identity()
    return network


def _convolution(before: int, width: int) -> nn.Conv2d:
    return nn.Conv2d(before, width, 3, padding=1, bias=False)


@dataclass(frozen=True, slots=True)
class Network:
    """A backbone that benchmarks name.

    Attributes:
        make: takes the number of outputs.
        input_shape: (channels, height, width) of the inputs it was made for.
        evaluation_batch: examples per forward pass at evaluation on a processor; None for the
            usual number. Smaller where activations would leave the processor's cache.
        timed_batch: examples per training step when `harness.bench` measures the overhead of masks
            on this network; None to leave it out.
    """

    make: Callable[[int], nn.Module]
    input_shape: tuple[int, int, int]
    evaluation_batch: int | None = None
    timed_batch: int | None = None


_GREY: Final = (1, 28, 28)
_COLOUR: Final = (3, 32, 32)

NETWORKS: Final[dict[str, Network]] = {
    "mlp": Network(mlp, _GREY, timed_batch=128),
    "omniglot_cnn": Network(omniglot_cnn, _GREY, evaluation_batch=32, timed_batch=16),
    "cifar_cnn": Network(cifar_cnn, _COLOUR, evaluation_batch=64, timed_batch=256),
    "resnet18": Network(resnet18, _COLOUR, evaluation_batch=256, timed_batch=256),
    "resnet18_small_stem": Network(resnet18_small_stem, _COLOUR),
}
"""Backbones by name."""
