"""Layers with one function per task, against plain layers of each task."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rmn.tasks.layers import TaskBatchNorm, TaskHead, TaskLayer

N, TASKS = 3, 4


class Scale(TaskLayer):
    """Multiplies its inputs by the task's number."""

    finished: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.live = 0.0
        self.register_buffer("finished", torch.empty(0))

    def forward_task(self, x: Tensor, task: int | None) -> Tensor:
        return x * (self.live if task is None else self.finished[task])

    def begin_task(self) -> None:
        self.live += 1

    def live_row(self) -> Tensor:
        return torch.tensor(self.live)


def test_a_task_or_a_mixture_is_selected() -> None:
    layer = Scale()
    for _ in range(2):
        layer.begin_task()
        layer.finish_task()
    layer.begin_task()
    x = torch.rand(2, 3, 2)
    assert torch.equal(layer(x), 3 * x)
    layer.task = 0
    assert torch.equal(layer(x), x)
    layer.mixture = torch.tensor([[0.25, 0.75], [0.25, 0.75]])
    torch.testing.assert_close(layer(x), 1.75 * x)
    assert [tensor.item() for tensor in layer.task_tensors(1)] == [2.0]
    assert [tensor.tolist() for tensor in layer.inference_tensors(live=False)] == [[1.0, 2.0]]
    assert [tensor.tolist() for tensor in layer.inference_tensors(live=True)] == [[1.0, 2.0], 3.0]


def test_a_layer_loads_any_number_of_tasks() -> None:
    saved, loaded = Scale(), Scale()
    for _ in range(3):
        saved.begin_task()
        saved.finish_task()
    loaded.load_state_dict(saved.state_dict())
    assert loaded.finished.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("size", [(), (5,), (5, 3)])
def test_batch_norm_per_task_is_a_batch_norm_of_its_own_for_each(size: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    layer = TaskBatchNorm(nn.BatchNorm2d(4) if len(size) == 2 else nn.BatchNorm1d(4))
    x = torch.randn(N, 4, *size)
    expected = []
    for task in range(2):
        layer.begin_task()
        plain = copy.deepcopy(layer.live)
        for one in (layer, plain):
            one.train()
            one(task + (1 + task) * torch.arange(16.0 * x[0].numel()).reshape(16, 4, *size))
        with torch.no_grad():
            for one in (layer.live, plain):
                one.weight.fill_(2 + task)
                one.bias.fill_(task)
        expected.append(plain.eval()(x))
        torch.testing.assert_close(layer.eval()(x), expected[-1])
        layer.finish_task()
    layer.begin_task()
    torch.testing.assert_close(layer(x), x, rtol=1e-4, atol=1e-4)  # fresh: mean 0, variance 1
    for task in range(2):
        layer.train()
        torch.testing.assert_close(layer.forward_task(x, task), expected[task])


@pytest.mark.parametrize("size", [(), (5,), (5, 3)])
def test_a_mixture_of_batch_norms_is_the_sum_over_the_tasks(
    size: tuple[int, ...], assert_same_mixture: Callable[..., None]
) -> None:
    torch.manual_seed(0)
    layer = TaskBatchNorm(nn.BatchNorm2d(4) if len(size) == 2 else nn.BatchNorm1d(4)).double()
    for task in range(TASKS):
        layer.train()(task + torch.randn(16, 4, *size, dtype=torch.double))
        layer.finish_task()
    layer.finished[:, :2] += torch.randn(TASKS, 2, 4)
    layer.eval()
    x = torch.randn(N, 4, *size, dtype=torch.double)
    weights = torch.softmax(torch.randn(TASKS, dtype=torch.double), 0).expand(N, TASKS)
    assert_same_mixture(
        (TaskBatchNorm.forward_mixture, TaskLayer.forward_mixture), layer, x, weights
    )


def test_a_head_per_task_is_a_linear_layer_of_its_own_for_each() -> None:
    torch.manual_seed(0)
    original = nn.Linear(4, 3)
    layer = TaskHead(original)
    x = torch.randn(N, 4)
    torch.testing.assert_close(layer(x), F.linear(x, original.weight))
    weights = []
    for _ in range(2):
        layer.begin_task()
        weights.append(layer.live.weight.detach().clone())
        layer.finish_task()
    assert not torch.equal(*weights)
    layer.begin_task()
    for task, weight in enumerate(weights):
        assert torch.equal(layer.forward_task(x, task), F.linear(x, weight))
    assert torch.equal(layer(x), F.linear(x, layer.live.weight))
    assert [name for name, _ in layer.named_parameters()] == ["live.weight"]
