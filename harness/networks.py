"""The paper's backbones, as plain PyTorch modules; methods convert them as they need."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn


def mlp(outputs: int) -> nn.Sequential:
    """The MLP of Supplement Table 2, x: (n, 1, 28, 28) or (n, 784) -> logits (n, outputs).

    Three hidden layers of 100 units, each with BatchNorm and ReLU. No biases: RMN has none, and a
    comparison needs one network for all.
    """
    layers: list[nn.Module] = [nn.Flatten()]
    width = 784
    for _ in range(3):
        layers += [nn.Linear(width, 100, bias=False), nn.BatchNorm1d(100), nn.ReLU()]
        width = 100
    return nn.Sequential(*layers, nn.Linear(width, outputs, bias=False))


NETWORKS: dict[str, Callable[[int], nn.Module]] = {"mlp": mlp}
