"""Modules with values of their own for each task, against plain copies of the module."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rmn.tasks.network import TaskNetwork
from rmn.tasks.task_module import TaskModule
from rmn.tasks.values_per_task import ValuesPerTask, give_values_per_task

N, TASKS = 3, 4
STATISTICS = ("running_mean", "running_var")

NORMS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "layer": (lambda: nn.LayerNorm(4), (4,)),
    "group": (lambda: nn.GroupNorm(2, 4), (4, 5)),
    "instance": (lambda: nn.InstanceNorm1d(4, affine=True, track_running_stats=True), (4, 5)),
    "batch": (lambda: nn.BatchNorm1d(4), (4, 5)),
    "plain batch": (lambda: nn.BatchNorm1d(4, affine=False), (4, 5)),
    "prelu": (lambda: nn.PReLU(4), (4,)),
}


def per_task(module: nn.Module) -> ValuesPerTask:
    """The module with a value for each task of all that it has."""
    kept = [name for name, _ in module.named_parameters(recurse=False)]
    kept += [name for name, _ in module.named_buffers(recurse=False) if name in STATISTICS]
    counters = [name for name, _ in module.named_buffers(recurse=False) if "num" in name]
    give_values_per_task(module, kept=kept, restarted=counters)
    assert isinstance(module, ValuesPerTask)
    return module


def learn(module: nn.Module, x: Tensor) -> None:
    """Something like training: statistics are counted, parameters are drawn anew."""
    module.train()(x)
    for parameter in module.parameters():
        parameter.data.normal_()
    module.eval()


@pytest.mark.parametrize("kind", NORMS)
def test_each_task_has_a_module_of_its_own(kind: str) -> None:
    make, size = NORMS[kind]
    torch.manual_seed(0)
    original = make()
    network = TaskNetwork(nn.Sequential(per_task(copy.deepcopy(original))))
    x = torch.randn(N, *size)
    expected = []
    for task in range(TASKS):
        network.begin_task(task, [])
        plain = copy.deepcopy(original)  # each task begins where the module was
        examples = task + torch.randn(16, *size)
        for module in (network, plain):
            torch.manual_seed(task)
            learn(module, examples)
        assert torch.equal(network(x, task), plain(x))
        network.finish_task()
        expected.append(plain(x))
    network.begin_task(TASKS, [])
    assert torch.equal(network.forward_task(x, None), original.eval()(x))
    for mode in (True, False):
        network.train(mode)
        for task, output in enumerate(expected):
            assert torch.equal(network.forward_task(x, task), output)
            assert network.training is mode
    assert len({network.fingerprint(task) for task in range(TASKS)}) == TASKS


class Reader(nn.Module):
    """Reads a layer's weight instead of calling the layer, and scales by a parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.scales = nn.ParameterList([torch.ones(4), torch.zeros(4)])

    def forward(self, x: Tensor) -> Tensor:
        output = nn.functional.linear(x, self.layer.weight, self.layer.bias)
        for scale in self.scales:
            output = output * (1 + scale)
        return output


def test_whoever_reads_a_value_gets_that_of_the_task() -> None:
    torch.manual_seed(0)
    body = Reader()
    for module in (body.layer, body.scales):
        per_task(module)
    network = TaskNetwork(body)
    x = torch.randn(N, 4)
    expected = []
    for task in range(TASKS):
        network.begin_task(task, [])
        learn(network, x)
        expected.append(network(x, task))
        network.finish_task()
    for task, output in enumerate(expected):
        assert torch.equal(network(x, task), output)


def recurrent() -> nn.Module:
    return nn.GRU(3, 4, 2, batch_first=True, bidirectional=True)


@pytest.mark.parametrize("change", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
@pytest.mark.parametrize("make", [recurrent, lambda: nn.LayerNorm(3)])
def test_copies_are_whole_and_apart(
    make: Callable[[], nn.Module], change: Callable[[TaskNetwork], TaskNetwork]
) -> None:
    network = TaskNetwork(nn.Sequential(per_task(make())))
    network.begin_task(0, [])
    learn(network, torch.randn(5, 2, 3))
    network.finish_task()
    other = change(network)
    x = torch.randn(5, 2, 3)
    before: Any = network(x, 0)
    torch.testing.assert_close(other(x, 0), before, rtol=0, atol=0)
    for parameter in other.parameters():
        parameter.data.zero_()
    other.begin_task(1, [])
    torch.testing.assert_close(network.forward_task(x, None), before)


def test_a_state_has_what_a_task_begins_with() -> None:
    torch.manual_seed(0)
    saved, loaded = (TaskNetwork(nn.Sequential(per_task(nn.Linear(3, 2)))) for _ in range(2))
    x = torch.randn(N, 3)
    first = saved(x)
    saved.begin_task(0, [])
    learn(saved, x)
    saved.finish_task()
    loaded.load_state_dict(saved.state_dict())
    assert torch.equal(loaded.eval()(x, 0), saved.eval()(x, 0))
    loaded.begin_task(1, [])
    assert torch.equal(loaded(x, 1), first)


@pytest.mark.parametrize(
    ("make", "size"),
    [
        (lambda: nn.Linear(4, 3), (4,)),
        (lambda: nn.BatchNorm2d(4), (4, 5, 3)),
        (lambda: nn.Conv2d(4, 2, 3, bias=False), (4, 5, 3)),
        (lambda: nn.Conv1d(4, 2, 3), (4, 5)),
    ],
)
def test_a_mixture_is_the_sum_over_the_tasks(
    make: Callable[[], nn.Module], size: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    module = per_task(make().double())
    for _ in range(TASKS):
        learn(module, torch.randn(16, *size, dtype=torch.double))
        module.finish_task()
    x = torch.randn(N, *size, dtype=torch.double)
    weights = torch.softmax(torch.randn(TASKS, dtype=torch.double), 0).expand(N, TASKS)
    results = []
    for forward in (ValuesPerTask.forward_mixture, TaskModule.forward_mixture):
        inputs, mixture = (tensor.clone().requires_grad_() for tensor in (x, weights))
        output = forward(module, inputs, mixture)
        toward = torch.linspace(-1, 2, output.numel(), dtype=torch.double).reshape(output.shape)
        gradients = torch.autograd.grad((output * toward).sum(), (inputs, mixture))
        results.append((output, *gradients))
    for ours, slow in zip(*results, strict=True):
        torch.testing.assert_close(ours, slow)


@pytest.mark.parametrize(
    "body",
    [
        lambda: nn.Sequential(per_task(nn.LSTM(3, 3))),  # several outputs
        lambda: Owner(),
        lambda: nn.Sequential(Twice(per_task(nn.Bilinear(3, 3, 2)))),
    ],
)
def test_what_cannot_be_mixed_is_named(body: Callable[[], nn.Module]) -> None:
    network = TaskNetwork(body())
    for task in range(2):
        network.begin_task(task, [])
        network.finish_task()
    with pytest.raises(NotImplementedError, match=r"LSTM|Owner|Bilinear.*rule='max-logit'"):
        network.infer_task_in_one_shot(torch.randn(N, 3))


class Owner(nn.Module):
    """Has a parameter of its own beside a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.token, self.layer = nn.Parameter(torch.zeros(3)), nn.Linear(3, 2)
        per_task(self)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.layer(x + self.token)
        return output


class Twice(nn.Module):
    """Gives a layer its input twice."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.layer(x, x)
        return output
