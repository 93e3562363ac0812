"""The backbones: shapes, layers and weights as the publications have them."""

from __future__ import annotations

import math
from typing import Final

import pytest
import torch
from torch import nn

from harness.config.benchmarks import BENCHMARKS, NEVER_UNNORMALISED
from harness.config.networks import BUILT_IN, Normalisation
from harness.training.networks import NETWORKS, cifar_cnn, resnet18_small_stem
from rmn import convert

WEIGHTS = {  # of linear and convolutional layers, for ten outputs, by hand
    "mlp": 784 * 100 + 2 * 100 * 100 + 100 * 10,
    "mlp_2x400": 1024 * 400 + 400 * 400 + 400 * 10,
    "mlp_2x1000": 1024 * 1000 + 1000 * 1000 + 1000 * 10,
    "mlp_2x100": 784 * 100 + 100 * 100 + 100 * 10,
    "mlp_2x100_bias": 784 * 100 + 100 * 100 + 100 * 10,
    "mlp_2x256": 784 * 256 + 256 * 256 + 256 * 10,
    "mlp_2x256_wide_start": 784 * 256 + 256 * 256 + 256 * 10,
    "omniglot_cnn": 9 * 250 + 3 * 9 * 250 * 250 + 250 * 10,
    "cifar_cnn": 9 * (3 * 32 + 32 * 32 + 32 * 64 + 64 * 64 + 64 * 128 + 128 * 128)
    + 2048 * 256
    + 256 * 10,
    "resnet18": 11_166_912 + 512 * 10,  # torchvision's 11,689,512 less fc 513,000, BatchNorm 9,600
    "resnet18_small_stem": 11_166_912 - 64 * 3 * (49 - 9) + 512 * 10,
}


BIASES = {  # the paper's have none
    "mlp_2x400": 400 + 400 + 10,
    "mlp_2x1000": 1000 + 1000 + 10,
    "mlp_2x100_bias": 100 + 100 + 10,
    "mlp_2x256": 256 + 256 + 10,
    "mlp_2x256_wide_start": 256 + 256 + 10,
}


def weighted(network: nn.Module) -> list[nn.Linear | nn.Conv2d]:
    return [m for m in network.modules() if isinstance(m, nn.Linear | nn.Conv2d)]


NORMS: Final = {
    "batch": (nn.BatchNorm1d, nn.BatchNorm2d),
    "group": (nn.LayerNorm, nn.GroupNorm),
    "none": (),
}


def norms_of(network: nn.Module) -> list[nn.Module]:
    kinds = tuple(kind for kinds in NORMS.values() for kind in kinds)
    return [module for module in network.modules() if isinstance(module, kinds)]


def normalised(name: str) -> list[Normalisation]:
    """The normalisations that a network can have."""
    norms: list[Normalisation] = ["batch", "group"]
    return norms if name in NEVER_UNNORMALISED else [*norms, "none"]


@pytest.mark.parametrize(
    ("name", "norm"), [(name, norm) for name in NETWORKS for norm in normalised(name)]
)
def test_a_network_has_the_norm_that_is_asked_for_and_no_other(
    name: str, norm: Normalisation
) -> None:
    network = NETWORKS[name].make(10, norm)
    found = norms_of(network)
    assert bool(found) == (norm != "none")
    assert all(isinstance(layer, NORMS[norm]) for layer in found)
    if norm == "group":  # nothing in them can be forgotten
        assert not [value for layer in found for value in layer.state_dict().values()]
        groups = [layer.num_groups for layer in found if isinstance(layer, nn.GroupNorm)]
        assert all(2 <= number <= 8 for number in groups)
    assert sum(layer.weight.numel() for layer in weighted(network)) == WEIGHTS[name]
    x = torch.rand(3, *NETWORKS[name].input_shape)
    logits = network(x)
    assert logits.shape == (3, 10)
    if norm != "batch":  # each example alone decides its logits
        torch.testing.assert_close(network(x[:1]), logits[:1])


@pytest.mark.parametrize("name", sorted(NEVER_UNNORMALISED))
def test_what_cannot_be_without_a_norm_says_so(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be trained without normalisation"):
        NETWORKS[name].make(10, "none")


def made(name: str) -> nn.Module:
    """As its publication has it."""
    return NETWORKS[name].make(10, "none" if name.startswith(("mlp_", "cifar")) else "batch")


@pytest.mark.parametrize("name", NETWORKS)
def test_backbones(name: str) -> None:
    network = made(name)
    layers = weighted(network)
    biases = [layer.bias for layer in layers if layer.bias is not None]
    assert sum(bias.numel() for bias in biases) == BIASES.get(name, 0)
    assert sum(layer.weight.numel() for layer in layers) == WEIGHTS[name]
    assert not any(isinstance(module, nn.Dropout) for module in network.modules())
    x = torch.rand(2, *NETWORKS[name].input_shape)
    assert network(x).shape == (2, 10)
    model = convert(network)
    assert len(model.relevance_layers()) == len(layers)
    assert model.eval()(x).shape == (2, 10)


def test_every_benchmark_names_a_backbone_for_its_images() -> None:
    for benchmark in BENCHMARKS.values():
        shape = (3, 32, 32) if benchmark.dataset == "cifar100" else (1, 28, 28)
        shape = (1, 32, 32) if "padded" in benchmark.dataset else shape
        assert NETWORKS[benchmark.network].input_shape == shape


@pytest.mark.parametrize("name", NETWORKS)
def test_first_mappings_are_independent_of_first_weights(name: str) -> None:
    torch.manual_seed(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # the same seed, as in a comparison's first run
        network = made(name)
    model = convert(network, initialisation="uniform")
    model.begin_task(0, range(10))
    for layer in model.relevance_layers().values():
        both = torch.stack([layer.weight.flatten(), layer.mapping.flatten()])
        chance = layer.weight.numel() ** -0.5  # standard deviation of the correlation
        assert abs(float(torch.corrcoef(both.detach())[0, 1])) < 4 * chance


def test_a_network_without_batchnorm_starts_as_he_et_al_have_it() -> None:
    network = cifar_cnn(100)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    for layer in weighted(network):
        inputs = layer.weight[0].numel()
        spread = float(layer.weight.detach().std())
        assert spread == pytest.approx(math.sqrt(2 / inputs), rel=0.1)
    with torch.no_grad():
        logits = network(torch.randn(64, 3, 32, 32))
    assert 0.3 < float(logits.std()) < 3  # the signal neither fades nor explodes


def test_equal_seeds_give_equal_first_weights() -> None:
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(nn.utils.parameters_to_vector(cifar_cnn(10).parameters()))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_a_small_stem_keeps_the_image_as_large_as_it_is() -> None:
    network = resnet18_small_stem(5)
    x = torch.rand(1, 3, 32, 32)
    assert isinstance(network.conv1, nn.Conv2d)
    assert isinstance(network.maxpool, nn.Module)
    assert network.maxpool(network.conv1(x)).shape == (1, 64, 32, 32)


def test_the_names_that_are_known_without_torch_are_those_of_the_networks() -> None:
    assert tuple(NETWORKS) == BUILT_IN


def test_the_wide_start_is_a_normal_that_is_cut_off_at_two_deviations() -> None:
    torch.manual_seed(0)
    for parameter in NETWORKS["mlp_2x256_wide_start"].make(10, "none").parameters():
        assert parameter.abs().max() <= 0.2
        if parameter.numel() > 1000:  # a normal cut off there keeps 0.88 of its deviation
            assert parameter.std().item() == pytest.approx(0.088, rel=0.03)
