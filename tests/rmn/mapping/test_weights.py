"""Weights with relevance mappings, against plain layers with masked weights."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rmn import convert
from rmn.mapping.network import RelevanceNetwork
from rmn.mapping.weights import FixedWeight, RelevanceWeight
from rmn.tasks.task_module import TaskModule
from rmn.tasks.values_per_task import ValuesPerTask

N, TASKS = 3, 4

CONVOLUTIONS: dict[str, dict[str, Any]] = {
    "plain": {"padding": 1},
    "strided": {"stride": (2, 1), "padding": (0, 2)},
    "dilated": {"dilation": 2},
    "grouped": {"groups": 2},
    "same": {"padding": "same"},
}


def learned(module: nn.Module, x: Tensor) -> RelevanceNetwork:
    """A converted module that has finished some tasks with random masks, half open."""
    torch.manual_seed(0)
    network = convert(module)
    network.double()
    for task in range(TASKS):
        network.begin_task(task, [])
        network.train()
        network(x)
        network.finish_task()
    network.eval()
    return network


def only_weight(network: RelevanceNetwork) -> RelevanceWeight:
    (weight,) = network.relevance_layers().values()
    return weight


def test_a_linear_layer_has_the_weights_of_its_mask() -> None:
    x = torch.randn(N, 5, dtype=torch.double)
    network = learned(nn.Sequential(nn.Linear(5, 4, bias=False)), x)
    weight = only_weight(network)
    for task, mask in enumerate(weight.masks()):
        expected = F.linear(x, weight.weight * mask)
        torch.testing.assert_close(network.forward_task(x, task), expected)
    mask = weight.mapping > 0.5
    torch.testing.assert_close(network.body(x), F.linear(x, weight.weight * mask))
    assert torch.equal(weight.live_mask(), mask)


@pytest.mark.parametrize("settings", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_convolution_has_the_weights_of_its_mask(
    settings: dict[str, Any], layout: torch.memory_format
) -> None:
    module = nn.Conv2d(4, 6, (3, 2), bias=False, **settings).to(memory_format=layout)
    x = torch.randn(N, 4, 8, 7, dtype=torch.double).to(memory_format=layout)
    network = learned(nn.Sequential(module), x)
    weight = only_weight(network)
    plain = nn.Conv2d(4, 6, (3, 2), bias=False, dtype=torch.double, **settings)
    for task, mask in enumerate(weight.masks()):
        plain.weight.data = weight.weight.detach() * mask
        torch.testing.assert_close(network.forward_task(x, task), plain(x))


@pytest.mark.parametrize("settings", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_mixture_of_convolutions_is_the_sum_over_the_tasks(
    settings: dict[str, Any],
    layout: torch.memory_format,
    assert_same_mixture: Callable[..., None],
) -> None:
    module = nn.Conv2d(4, 6, (3, 2), bias=False, **settings).to(memory_format=layout)
    x = torch.randn(N, 4, 8, 7, dtype=torch.double).to(memory_format=layout)
    layer = learned(nn.Sequential(module), x).body.get_submodule("0")
    assert isinstance(layer, ValuesPerTask)
    weights = torch.softmax(torch.randn(TASKS, dtype=torch.double), 0).expand(N, TASKS)
    assert_same_mixture(
        (ValuesPerTask.forward_mixture, TaskModule.forward_mixture), layer, x, weights
    )


def test_in_training_the_mask_is_soft() -> None:
    network = convert(nn.Sequential(nn.Linear(5, 4, bias=False)))
    layer = only_weight(network)
    network.begin_task(0, [])
    x = torch.randn(N, 5)
    torch.testing.assert_close(network(x), F.linear(x, layer.weight * layer.relevance))
    network.restore_frozen_weights()  # ends the training step
    with pytest.raises(RuntimeError, match="through its network"):
        network.body(x)


def test_a_layer_that_is_used_twice_keeps_one_weight() -> None:
    torch.manual_seed(0)
    tied = nn.Linear(4, 4, bias=False)
    model = convert(nn.Sequential(tied, nn.BatchNorm1d(4), nn.Sequential(tied, nn.Linear(4, 2))))
    assert list(model.relevance_layers()) == ["0", "2.1"]
    assert model.body.get_submodule("0") is model.body.get_submodule("2.0")
    model.begin_task(0, [0, 1])
    torch.autograd.backward(model(torch.randn(3, 4)).sum())
    model.finish_task()
    (group,) = model.mappings
    assert int(group.uses.max()) == 1


def test_masked_weights_have_the_layout_of_the_weights() -> None:
    convolutions = nn.Sequential(nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.Conv2d(6, 4, 1))
    model = convert(convolutions.to(memory_format=torch.channels_last))
    model.begin_task(0, [])
    torch.autograd.backward(model(torch.randn(2, 1, 5, 5)).sum())
    live = [layer.live_mask() for layer in model.relevance_layers().values()]
    model.finish_task()
    for layer, mask in zip(model.relevance_layers().values(), live, strict=True):
        assert torch.equal(layer.masks(), mask[None])
        assert torch.equal(layer.masked_weight(0), layer.weight * mask)
        assert layer.masked_weight(0).stride() == layer.weight.stride()


def test_masks_are_stored_at_one_bit_a_weight() -> None:
    layer = only_weight(learned(nn.Sequential(nn.Linear(7, 3)), torch.randn(N, 7).double()))
    assert layer.packed.dtype == torch.uint8
    assert layer.packed.shape == (TASKS, 3)
    assert layer.masks().shape == (TASKS, 3, 7)


def test_predictions_need_bits_and_weights_alone() -> None:
    model = learned(nn.Sequential(nn.Linear(7, 3)), torch.randn(N, 7).double())
    layer = only_weight(model)
    packed, weight = layer.inference_tensors(live=False)
    assert packed is layer.packed
    assert torch.equal(weight, layer.weight)
    *_, live, _ = layer.inference_tensors(live=True)
    assert (live.shape, live.dtype) == ((3,), torch.uint8)


def test_tensors_of_a_task_are_its_mask_and_the_weights_it_uses() -> None:
    layer = only_weight(learned(nn.Sequential(nn.Linear(7, 3)), torch.randn(N, 7).double()))
    packed, weights = layer.task_tensors(1)
    assert torch.equal(packed, layer.packed[1])
    assert torch.equal(weights, layer.weight[layer.masks()[1]])


def test_a_fixed_weight_is_used_whole_by_every_task() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    module[0].weight.requires_grad_(False)
    network = convert(module)
    fixed = network.relevance_layers()["0"]
    assert isinstance(fixed, FixedWeight)
    for task in range(2):
        network.begin_task(task, [])
        network.finish_task()
    assert torch.equal(fixed.weight, module.get_parameter("0.weight"))
    assert torch.equal(fixed.masks(), torch.ones(2, 4, 3, dtype=torch.bool))
    assert fixed.packed.numel() == 0
    assert not any(fixed.weight is parameter for parameter in network.parameters())
