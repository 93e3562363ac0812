"""The inputs of a network's last layer, wherever that layer was registered."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rmn import convert
from rmn.tasks.features import (
    check_last_layer,
    last_layer,
    last_layer_called,
    last_layer_inputs,
    layers_called,
)
from rmn.tasks.layers import TaskBatchNorm, TaskHead


class OutputRegisteredFirst(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList([nn.Linear(4, 2), nn.ReLU()])
        self.hidden = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.parts[0](self.parts[1](self.hidden(x)))
        return logits


HEAD = nn.Linear(4, 2)
CONVOLUTION = nn.Conv2d(3, 2, 1)
DECONVOLUTION = nn.ConvTranspose2d(3, 2, 1)
TASK_HEAD = TaskHead(HEAD)


@pytest.mark.parametrize(
    ("network", "last"),
    [
        (nn.Sequential(nn.Linear(6, 4), nn.Sequential(HEAD, nn.Softmax(1))), HEAD),
        (nn.Sequential(nn.Linear(6, 4), CONVOLUTION, nn.BatchNorm2d(2)), CONVOLUTION),
        (nn.Sequential(nn.Linear(6, 4), DECONVOLUTION, nn.GroupNorm(1, 2)), DECONVOLUTION),
        (nn.Sequential(TASK_HEAD, TaskBatchNorm(nn.BatchNorm1d(2))), TASK_HEAD),
    ],
)
def test_the_last_layer_is_the_last_with_weights(network: nn.Module, last: nn.Module) -> None:
    assert last_layer(network) is last


def test_a_network_without_weights_is_its_own_last_layer() -> None:
    network = nn.Sequential(nn.Flatten(), nn.ReLU())
    assert last_layer(network) is network


def test_inputs_of_each_pass_are_collected_flat() -> None:
    network = nn.Sequential(nn.ReLU(), nn.Conv2d(3, 2, 1))
    passes = [torch.randn(n, 3, 2, 2) for n in (2, 5)]
    with last_layer_inputs(network) as collected:
        for x in passes:
            network(x)
    network(passes[0])  # after the context nothing is collected
    assert len(collected) == 2
    for found, x in zip(collected, passes, strict=True):
        assert torch.equal(found, x.relu().flatten(1))


class OutputByName(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(6, 4)
        self.output = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.output(input=self.hidden(input=x))
        return logits


def test_inputs_that_are_given_by_name_are_collected_too() -> None:
    network, x = OutputByName(), torch.randn(3, 6)
    with last_layer_inputs(network) as collected, last_layer_called(network) as call:
        network(x)
    assert call.layer is network.output
    assert call.inputs is not None
    for found in (*collected, call.inputs):
        assert torch.equal(found, network.hidden(x))


class CalledTwice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.output = nn.Linear(6, 4), nn.Linear(4, 4)

    def before_output(self, x: Tensor) -> Tensor:
        return torch.relu(self.output(self.hidden(x).relu()))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.output(self.before_output(x))
        return logits


class LastOneNeverCalled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.output, self.unused = nn.Linear(6, 4), nn.Linear(4, 2), nn.Linear(4, 2)

    def before_output(self, x: Tensor) -> Tensor:
        return torch.relu(self.hidden(x))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.output(self.before_output(x))
        return logits


class OutputFirst(LastOneNeverCalled):
    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.output, self.hidden = nn.Linear(4, 2), nn.Linear(6, 4)


class StepsFirst(nn.Module):
    """Its output layer is given 3 rows, one for each step, however many inputs there are."""

    def __init__(self) -> None:
        super().__init__()
        self.output = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.output(x.view(-1, 3, 2).transpose(0, 1)).mean(0)
        return logits

    before_output = forward


@pytest.mark.parametrize("kind", [CalledTwice, LastOneNeverCalled, OutputFirst, StepsFirst])
def test_features_under_each_task_are_what_the_logits_are_computed_of(
    kind: type[nn.Module],
) -> None:
    torch.manual_seed(0)
    network, x = convert(kind()), torch.randn(5, 6)
    for task in range(3):
        network.begin_task(task, ())
        network.finish_task()
    features = network.eval().features_per_task(x)
    assert len(features) == 3
    for task, found in enumerate(features):
        with network._selected(task=task):
            body: Any = network.body
            assert torch.equal(found, body.before_output(x))
    assert len(network.features_per_task(x)) == 3  # no hooks are left


def test_the_order_of_registration_decides() -> None:
    network = OutputRegisteredFirst()
    assert last_layer(network) is network.hidden


def test_a_network_is_refused_whose_output_layer_is_not_registered_last() -> None:
    network = OutputRegisteredFirst()
    with layers_called(network) as called:
        logits = network(torch.randn(3, 6))
    with pytest.raises(ValueError, match=r"assign parts\.0 last in __init__"):
        check_last_layer(network, called, logits)


def test_a_network_is_refused_whose_last_layer_has_not_the_width_of_the_logits() -> None:
    network = nn.Sequential(nn.Linear(6, 4), nn.Unflatten(1, (2, 2)), nn.Flatten(0, 1))
    with layers_called(network) as called:
        logits = network(torch.randn(3, 6))
    with pytest.raises(ValueError, match="0, has 4 outputs and the network 2"):
        check_last_layer(network, called, logits)


@pytest.mark.parametrize(
    "network",
    [
        nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 2), nn.Softmax(1)),
        nn.Sequential(nn.Unflatten(1, (6, 1, 1)), nn.Conv2d(6, 2, 1), nn.Flatten()),
        nn.Flatten(),
    ],
)
def test_a_network_that_ends_with_its_last_layer_is_not_refused(network: nn.Module) -> None:
    with layers_called(network) as called:
        logits = network(torch.randn(3, 6))
    check_last_layer(network, called, logits)
    network(torch.randn(3, 6))  # no hooks are left
    assert len(called) == len([one for one in network.modules() if hasattr(one, "weight")])
