"""The backbones, as plain PyTorch modules; methods convert them as they need.

The paper's have no bias and no dropout: RMN has none, and a comparison needs one network for all.
What normalises their layers is a factor of the comparison. The others are those of publications
whose numbers this code is held against (`harness.config.anchors`).
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Final

import torch
from torch import nn

from harness.config.networks import Network, Normalisation, registered_networks

_MOST_GROUPS: Final = 8
_WIDE: Final = 0.1


def mlp(outputs: int, norm: Normalisation = "batch") -> nn.Sequential:
    """The MLP of Supplement Table 2, x: (n, 1, 28, 28) or (n, 784) -> logits (n, outputs).

    Three hidden layers of 100 units, each with a normalisation and ReLU.

    Args:
        outputs: number of logits.
        norm: after each hidden layer.
    """
    return _perceptron((784, 100, 100, 100), outputs, norm, bias=False)


def mlp_2x400(outputs: int, norm: Normalisation = "none") -> nn.Sequential:
    """The MLP of Hsu et al. 2018, x: (n, 1, 32, 32) -> logits (n, outputs).

    Args:
        outputs: number of logits.
        norm: after each hidden layer; published with none.
    """
    return _perceptron((1024, 400, 400), outputs, norm, bias=True)


def mlp_2x1000(outputs: int, norm: Normalisation = "none") -> nn.Sequential:
    """The MLP of van de Ven & Tolias 2018 for Permuted-MNIST, x: (n, 1, 32, 32) -> logits.

    Args:
        outputs: number of logits.
        norm: after each hidden layer; published with none.
    """
    return _perceptron((1024, 1000, 1000), outputs, norm, bias=True)


def mlp_2x100(outputs: int, norm: Normalisation = "none") -> nn.Sequential:
    """The MLP of Kang et al. 2022 for Permuted-MNIST, x: (n, 1, 28, 28) -> logits (n, outputs).

    Args:
        outputs: number of logits.
        norm: after each hidden layer; published with none.
    """
    return _perceptron((784, 100, 100), outputs, norm, bias=False)


def mlp_2x100_bias(outputs: int, norm: Normalisation = "none") -> nn.Sequential:
    """The MLP of Nguyen et al. 2018 for Permuted-MNIST, x: (n, 1, 28, 28) -> logits (n, outputs).

    Pan et al. 2020 have it as well, and Buzzega et al. 2020 for Split-MNIST.

    Args:
        outputs: number of logits.
        norm: after each hidden layer; published with none.
    """
    return _perceptron((784, 100, 100), outputs, norm, bias=True)


def mlp_2x256(outputs: int, norm: Normalisation = "none") -> nn.Sequential:
    """The MLP of Nguyen et al. 2018 for Split-MNIST, x: (n, 1, 28, 28) -> logits (n, outputs).

    Chaudhry et al. 2018 and Pan et al. 2020 have it as well.

    Args:
        outputs: number of logits.
        norm: after each hidden layer; published with none.
    """
    return _perceptron((784, 256, 256), outputs, norm, bias=True)


def mlp_2x256_wide_start(outputs: int, norm: Normalisation = "none") -> nn.Sequential:
    """`mlp_2x256` as the code of Nguyen et al. 2018 begins it: wider than PyTorch does.

    Weights and biases are from normals of deviation 0.1, cut off at two deviations; PyTorch's own
    of the first layer have 0.02. A task then changes weights less, measured by what they are, and
    forgets less of earlier tasks.

    Args:
        outputs: number of logits.
        norm: after each hidden layer; published with none.
    """
    network = mlp_2x256(outputs, norm)
    for parameter in network.parameters():
        nn.init.trunc_normal_(parameter, std=_WIDE, a=-2 * _WIDE, b=2 * _WIDE)
    return network


def _perceptron(
    widths: tuple[int, ...], outputs: int, norm: Normalisation, *, bias: bool
) -> nn.Sequential:
    """A multilayer perceptron with ReLU.

    Args:
        widths: of the input and of each hidden layer.
        outputs: number of logits.
        norm: after each hidden layer.
        bias: whether layers have one.
    """
    layers: list[nn.Module] = [nn.Flatten()]
    for before, width in pairwise(widths):
        linear = nn.Linear(before, width, bias=bias)
        layers += [linear, *_normalisation(norm, width, flat=True), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], outputs, bias=bias))


def omniglot_cnn(outputs: int, norm: Normalisation = "batch") -> nn.Sequential:
    """The network of Supplement Table 3, x: (n, 1, 28, 28) -> logits (n, outputs).

    Four convolutions of 250 channels, each with a normalisation, ReLU and pooling.

    Args:
        outputs: number of logits.
        norm: after each convolution; with none, weights start as those of `cifar_cnn`.
    """
    layers: list[nn.Module] = []
    for before, width in pairwise((1, 250, 250, 250, 250)):
        layers += [_convolution(before, width), *_normalisation(norm, width)]
        layers += [nn.ReLU(), nn.MaxPool2d(2)]
    network = nn.Sequential(*layers, nn.Flatten(), nn.Linear(250, outputs, bias=False))
    if norm == "none":
        _preserve_signal(network)
    return network


def cifar_cnn(outputs: int, norm: Normalisation = "none") -> nn.Sequential:
    """The network of Supplement Table 4, x: (n, 3, 32, 32) -> logits (n, outputs).

    Six convolutions in three pairs, each pair with pooling, and a hidden layer of 256 units; its
    ReLU is that of Jung et al. 2020, whose network this is. The table prints no normalisation, the
    authors' code has a BatchNorm per task.

    Args:
        outputs: number of logits.
        norm: after each convolution.
    """
    layers: list[nn.Module] = []
    for before, width in pairwise((3, 32, 64, 128)):
        for channels in (before, width):
            layers += [_convolution(channels, width), *_normalisation(norm, width), nn.ReLU()]
        layers.append(nn.MaxPool2d(2))
    hidden = [nn.Flatten(), nn.Linear(4 * 4 * 128, 256, bias=False), nn.ReLU()]
    network = nn.Sequential(*layers, *hidden, nn.Linear(256, outputs, bias=False))
    _preserve_signal(network)
    return network


def _preserve_signal(network: nn.Module) -> None:
    """Draw the weights as He et al. 2015 have them (Equation 10).

    Without BatchNorm the signal would fade from PyTorch's own first weights. They come from a
    stream of random numbers of their own: this is a second draw, and with the default stream's
    second draw a run of the same seed fills RMN's first mapping.
    """
    generator = torch.Generator().manual_seed(torch.initial_seed() + 2**32)
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)


def _normalisation(norm: Normalisation, width: int, *, flat: bool = False) -> list[nn.Module]:
    """What follows a layer of so many units or channels; nothing for none.

    Args:
        norm: kind.
        width: number of units or channels.
        flat: whether the layer is linear.
    """
    if norm == "none":
        return []
    if norm == "batch":
        return [nn.BatchNorm1d(width) if flat else nn.BatchNorm2d(width)]
    if flat:
        return [nn.LayerNorm(width, elementwise_affine=False)]
    return [_group_norm(width)]


def _group_norm(width: int, *, affine: bool = False) -> nn.GroupNorm:
    groups = max(number for number in range(1, _MOST_GROUPS + 1) if width % number == 0)
    return nn.GroupNorm(groups, width, affine=affine)


def resnet18(outputs: int, norm: Normalisation = "batch") -> nn.Module:
    """ResNet-18 with its original stem (7 x 7, stride 2, pooling), x: (n, 3, height, width).

    Args:
        outputs: number of logits.
        norm: after each convolution.

    Raises:
        ValueError: the norm is none; the sum of each block would double the signal.
    """
    from torchvision.models import resnet18 as torchvision_resnet18

    if norm == "none":
        raise ValueError("a ResNet-18 cannot be trained without normalisation; choose another norm")
    layer = partial(_group_norm, affine=True) if norm == "group" else nn.BatchNorm2d
    network: nn.Module = torchvision_resnet18(num_classes=outputs, norm_layer=layer)
    for module in network.modules():
        if isinstance(module, nn.GroupNorm):  # torchvision must have parameters to initialise
            module.affine = False
            module.register_parameter("weight", None)
            module.register_parameter("bias", None)
    network.fc = nn.Linear(512, outputs, bias=False)
    return network


def resnet18_small_stem(outputs: int, norm: Normalisation = "batch") -> nn.Module:
    """ResNet-18 for small images: a 3 x 3 stem without stride or pooling.

    Args:
        outputs: number of logits.
        norm: after each convolution.

    Raises:
        ValueError: the norm is none.
    """
    network = resnet18(outputs, norm)
    network.conv1 = _convolution(3, 64)
    network.maxpool = nn.Identity()
    return network


def _convolution(before: int, width: int) -> nn.Conv2d:
    return nn.Conv2d(before, width, 3, padding=1, bias=False)


_GREY: Final = (1, 28, 28)
_PADDED: Final = (1, 32, 32)
_COLOUR: Final = (3, 32, 32)

NETWORKS: Final[dict[str, Network]] = {
    "mlp": Network(mlp, _GREY, timed_batch=128),
    "mlp_2x400": Network(mlp_2x400, _PADDED),
    "mlp_2x1000": Network(mlp_2x1000, _PADDED),
    "mlp_2x100": Network(mlp_2x100, _GREY),
    "mlp_2x100_bias": Network(mlp_2x100_bias, _GREY),
    "mlp_2x256": Network(mlp_2x256, _GREY),
    "mlp_2x256_wide_start": Network(mlp_2x256_wide_start, _GREY),
    "omniglot_cnn": Network(omniglot_cnn, _GREY, evaluation_batch=32, timed_batch=16),
    "cifar_cnn": Network(cifar_cnn, _COLOUR, evaluation_batch=64, timed_batch=256),
    "resnet18": Network(resnet18, _COLOUR, evaluation_batch=256, timed_batch=256),
    "resnet18_small_stem": Network(resnet18_small_stem, _COLOUR),
}
"""Our own backbones by name."""


def networks() -> dict[str, Network]:
    """Every backbone by name: ours, then those of plugins."""
    return {**NETWORKS, **registered_networks()}
