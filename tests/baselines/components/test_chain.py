"""Which networks are chains, which weights a node comes in by, and what its activation is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import nn

from baselines.components.chain import Chain, incoming, norms, outgoing
from baselines.context import Context
from harness.training.networks import cifar_cnn, mlp, omniglot_cnn, resnet18


@pytest.mark.parametrize(
    ("make", "layers"),
    [(mlp, 3), (cifar_cnn, 7), (omniglot_cnn, 4)],
    ids=["mlp", "cifar_cnn", "omniglot_cnn"],
)
def test_the_backbones_but_the_residual_one_are_chains(
    make: Callable[[int], nn.Module], layers: int
) -> None:
    network = make(10)
    chain = Chain.of(network)
    assert len(chain.layers) == layers
    assert list(chain.layers) == list(chain.activations)
    assert network.get_submodule(chain.output_name) is chain.output
    assert len(list(chain.pairs())) == layers


def test_what_is_for_each_task_is_part_of_a_chain(context: Context) -> None:
    chain = Chain.of(replace(context, norm="per-task", head="per-task").model())
    assert len(chain.layers) == 3
    assert type(chain.output).__name__ == "HeadPerTask"


@pytest.mark.parametrize(
    "network",
    [
        resnet18(10),
        nn.Sequential(nn.Linear(2, 2), nn.ReLU()),
        nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)),
        nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2)),
    ],
)
def test_others_are_refused(network: nn.Module) -> None:
    with pytest.raises(ValueError, match="chain"):
        Chain.of(network)


def test_without_a_node_the_next_layer_lacks_the_weights_that_it_comes_in_by() -> None:
    """A flattened channel has as many inputs as places."""
    torch.manual_seed(0)
    first, second = nn.Conv2d(1, 3, 3), nn.Linear(3 * 4, 5)
    x = first(torch.randn(2, 1, 4, 4))
    nodes = torch.tensor([1.0, 0.0, 1.0])
    without = second(torch.cat([x[:, :1], torch.zeros(2, 1, 2, 2), x[:, 2:]], dim=1).flatten(1))
    second.weight.data *= incoming(nodes, second.weight)
    assert torch.allclose(second(x.flatten(1)), without)
    first.weight.data *= outgoing(nodes, first.weight)
    assert (norms(first.weight) > 0).tolist() == [True, False, True]


def test_activations_are_summed_over_examples_and_averaged_over_places() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3), nn.ReLU(), nn.Linear(3, 2)
    )
    x = torch.randn(6, 1, 4, 4)
    chain = Chain.of(network)
    with chain.activations_summed() as sums:
        network(x[:2])
        network(x[2:])
    network(x)  # counts no more
    channels = network[1](network[0](x))
    assert torch.allclose(sums["0"], channels.mean((2, 3)).sum(0), atol=1e-5)
    units = network[4](network[3](channels.flatten(1)))
    assert torch.allclose(sums["3"], units.sum(0), atol=1e-5)
