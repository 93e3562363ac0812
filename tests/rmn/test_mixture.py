"""A mixture in one pass against the sum over the tasks that it stands for."""

import pytest
import torch
from torch import nn

from harness.training.networks import NETWORKS
from rmn import convert
from rmn.mapping.layers import RelevanceConv2d
from rmn.tasks.layers import TaskBatchNorm, TaskLayer

N, TASKS = 3, 4


def learned(module, shape):
    """A converted module that has seen a few tasks of noise, each mapping half open."""
    torch.manual_seed(0)
    network = convert(module).double()
    for task in range(TASKS):
        network.begin_task(task, [])
        network.train()
        network(task + torch.randn(16, *shape, dtype=torch.double))
        network.finish_task()
    return network.eval()


def answers(mix, layer, x, weights):
    """Output, and gradients of some number made of it."""
    x, weights = (tensor.clone().requires_grad_() for tensor in (x, weights))
    output = mix(layer, x, weights)
    (output * torch.linspace(-1, 2, output.numel()).reshape(output.shape)).sum().backward()
    return output.detach(), x.grad, weights.grad


CONVOLUTIONS = {
    "plain": {"padding": 1},
    "strided": {"stride": (2, 1), "padding": (0, 2)},
    "dilated": {"dilation": 2},
    "grouped": {"groups": 2},
    "same": {"padding": "same"},
}


@pytest.mark.parametrize("settings", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_convolution(settings, layout):
    module = nn.Conv2d(4, 6, (3, 2), bias=False, **settings).to(memory_format=layout)
    network = learned(nn.Sequential(module), (4, 8, 7))
    check(network.body[0], RelevanceConv2d, torch.randn(N, 4, 8, 7).to(memory_format=layout))


@pytest.mark.parametrize("size", [(), (5,), (5, 3)])
def test_a_batch_norm(size):
    layer = TaskBatchNorm(nn.BatchNorm2d(4) if len(size) == 2 else nn.BatchNorm1d(4)).double()
    for task in range(TASKS):
        layer.train()(task + torch.randn(16, 4, *size, dtype=torch.double))
        layer.finish_task()
    layer.finished[:, :2] += torch.randn(TASKS, 2, 4)
    check(layer.eval(), TaskBatchNorm, torch.randn(N, 4, *size))


def check(layer, kind, x):
    assert isinstance(layer, kind)
    weights = torch.softmax(torch.randn(TASKS, dtype=torch.double), 0).expand(N, TASKS)
    given = (layer, x.double(), weights)
    for ours, slow in zip(answers(kind.mix, *given), answers(TaskLayer.mix, *given), strict=True):
        torch.testing.assert_close(ours, slow)


@pytest.mark.parametrize("name", ["cifar_cnn", "resnet18"])
def test_the_task_of_a_whole_network(name, monkeypatch):
    x = torch.randn(4, 3, 32, 32)
    network = learned(NETWORKS[name](10), (3, 32, 32)).float()
    found = network.infer_task_in_one_shot(x)
    for kind in (RelevanceConv2d, TaskBatchNorm):
        monkeypatch.setattr(kind, "mix", TaskLayer.mix)
    assert torch.equal(found, network.infer_task_in_one_shot(x))
