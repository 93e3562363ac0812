"""The paper's backbones: shapes, layers and weights as the supplement's tables have them."""

import pytest
import torch
from torch import nn

from harness.training.networks import NETWORKS
from rmn import convert

INPUTS = {"mlp": (1, 28), "omniglot_cnn": (1, 28)}
WEIGHTS = {  # of linear and convolutional layers, for ten outputs, by hand
    "mlp": 784 * 100 + 2 * 100 * 100 + 100 * 10,
    "omniglot_cnn": 9 * 250 + 3 * 9 * 250 * 250 + 250 * 10,
    "cifar_cnn": 9 * (3 * 32 + 32 * 32 + 32 * 64 + 64 * 64 + 64 * 128 + 128 * 128)
    + 2048 * 256
    + 256 * 10,
    "resnet18": 11_166_912 + 512 * 10,  # torchvision's 11,689,512 less fc 513,000, BatchNorm 9,600
    "resnet18_small_stem": 11_166_912 - 64 * 3 * (49 - 9) + 512 * 10,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_backbones(name):
    channels, size = INPUTS.get(name, (3, 32))
    network = NETWORKS[name](10)
    weighted = [m for m in network.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    assert all(layer.bias is None for layer in weighted)
    assert sum(layer.weight.numel() for layer in weighted) == WEIGHTS[name]
    assert not any(isinstance(module, nn.Dropout) for module in network.modules())
    x = torch.rand(2, channels, size, size)
    assert network(x).shape == (2, 10)
    model = convert(network)
    assert len(model.relevance_layers()) == len(weighted)
    assert model(x).shape == (2, 10)


@pytest.mark.parametrize("name", NETWORKS)
def test_first_mappings_are_independent_of_first_weights(name):
    torch.manual_seed(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # the same seed, as in a comparison's first run
        network = NETWORKS[name](10)
    model = convert(network, initialisation="uniform")
    model.begin_task(0, range(10))
    for layer in model.relevance_layers().values():
        both = torch.stack([layer.weight.flatten(), layer.mapping.flatten()])
        chance = layer.weight.numel() ** -0.5  # standard deviation of the correlation
        assert abs(float(torch.corrcoef(both.detach())[0, 1])) < 4 * chance
