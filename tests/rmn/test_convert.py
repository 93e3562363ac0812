"""Conversion of modules of any kind."""

import copy
import pickle
from collections.abc import Callable
from typing import Any, Literal

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import resnet18

from rmn import RelevanceNetwork, convert


def open_mappings(network: RelevanceNetwork) -> None:
    for group in network.mappings:
        group.mapping.data.fill_(1.0)


def test_nested_modules_stay_and_the_original_is_left() -> None:
    original = nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2, padding=1),
        nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten()),
        nn.ModuleDict({"head": nn.Linear(4 * 14 * 14, 10)})["head"],
    )
    network = convert(original)
    kinds = [nn.Conv2d, nn.Sequential, nn.Linear]
    assert all(map(isinstance, network.body.children(), kinds))
    assert [type(layer) for layer in original] == kinds
    assert list(network.relevance_layers()) == ["0", "2"]
    assert torch.equal(network.relevance_layers()["2"].weight, original.get_parameter("2.weight"))
    assert network.eval()(torch.rand(2, 1, 28, 28)).shape == (2, 10)


def test_modules_that_are_used_again_are_converted_once() -> None:
    tied, norm, act = nn.Linear(6, 6), nn.BatchNorm1d(6), nn.ReLU()
    network = convert(nn.Sequential(tied, norm, act, tied, norm, act, nn.Linear(6, 2)))
    assert isinstance(network.body, nn.Sequential)
    assert network.body[0] is network.body[3]
    assert network.body[1] is network.body[4]
    assert list(network.relevance_layers()) == ["0", "6"]
    x = torch.randn(8, 6)
    for task in range(2):
        network.begin_task(task, [0, 1])
        torch.autograd.backward(network.train()(x).square().sum())
        network.finish_task()
        if not task:
            before = network.eval()(x, 0).detach()
    assert torch.equal(network.eval()(x, 0), before)


def test_shared_parameters_stay_shared() -> None:
    module = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 4, bias=False), nn.Linear(4, 9))
    module[2].weight = module[0].weight
    network = convert(module)
    body: Any = network.body
    assert list(network.relevance_layers()) == ["0", "1"]
    assert sum(len(group.weight) for group in network.mappings) == 9 * 4 + 4 * 4
    network.begin_task(0, [])
    network.train()(torch.arange(3))
    assert body[2].weight is body[0].weight


@pytest.mark.parametrize(
    "change",
    [lambda it: it.to("cpu"), copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))],
    ids=["moved", "copied", "pickled"],
)
@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_a_recurrent_network_is_moved_and_copied_in_training_mode(
    kind: Callable[..., nn.Module], change: Callable[[RelevanceNetwork], RelevanceNetwork]
) -> None:
    module = kind(3, 4, 2, bidirectional=True)
    network = convert(module, initialisation="open").train()
    network.begin_task(0, [])
    network = change(change(network))  # an Avalanche strategy moves it each time
    open_mappings(network)
    x = torch.randn(5, 2, 3)
    torch.testing.assert_close(network(x)[0], module(x)[0])


def test_hooks_and_attributes_stay() -> None:
    module: Any = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 2))
    module.name = "mine"
    module[0].register_forward_hook(lambda layer, inputs, output: output * 0)
    network = convert(module)
    body: Any = network.body
    assert (body.name, body[0].in_features) == ("mine", 4)
    x = torch.randn(3, 4)
    bias = module[1].bias.detach()
    assert torch.equal(network.eval()(x), F.linear(torch.zeros(3, 5), module[1].weight, bias))


def test_what_requires_no_gradient_is_fixed() -> None:
    module = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 2))
    for layer in module[:2]:
        layer.requires_grad_(False)
    network = convert(module)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1, weight_decay=0.1)
    for task in range(2):
        network.begin_task(task, [0, 1])
        for parameter in network.body.parameters():
            parameter.requires_grad_(True)
        for _ in range(3):
            torch.autograd.backward(network.train()(torch.randn(8, 4)).square().sum())
            optimizer.step()
            network.restore_frozen_weights()
        network.finish_task()
    for name, parameter in module.named_parameters():
        if not parameter.requires_grad:
            assert torch.equal(network.body.get_buffer(name), parameter)
    statistics = network.body.get_buffer("1.finished_running_mean")
    assert not torch.equal(*statistics)  # of each task's own data
    assert torch.equal(network.relevance_layers()["0"].weight, module.get_parameter("0.weight"))


def test_what_is_changed_after_the_conversion_is_refused_before_training() -> None:
    module = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Sequential(nn.Linear(5, 2)))
    network = convert(module, batch_norm="shared")
    network.begin_task(0, [0, 1])
    network.finish_task()
    body: Any = network.body
    body[0].requires_grad_(False)
    with pytest.raises(RuntimeError, match=r"0\.bias was frozen.*\(False\) on 0 before it is conv"):
        network.begin_task(1, [2, 3])
    body[0].requires_grad_(True)
    network.begin_task(1, [2, 3])
    network.finish_task()
    body[2][0] = nn.Linear(5, 4)
    with pytest.raises(RuntimeError, match=r"2\.0\.weight \(Linear\) was put into.*then convert"):
        network.begin_task(2, [0, 1])
    assert network.tasks == 2


def test_the_first_task_begins_with_what_the_module_has() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    for name, tensor in module.state_dict().items():
        if not name.endswith("tracked"):
            tensor.copy_(torch.rand_like(tensor) + 1)
    network = convert(module)
    for task in range(2):
        network.begin_task(task, [0, 1])
        for name, tensor in module.state_dict().items():
            if not name.endswith(".weight") or name.startswith("1."):
                assert torch.equal(network.body.state_dict()[name], tensor)
        torch.autograd.backward(network.train()(torch.randn(5, 3)).sum())
        torch.optim.SGD(network.parameters(), lr=1.0).step()
        network.finish_task()


def test_biases_can_be_dropped() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 2))
    names = [name for name, _ in convert(module, biases="none").body.named_parameters()]
    assert names == ["1.weight", "1.bias"]


class Cosine(nn.Linear):
    """A head of cosines, with a learned scale."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, bias=False)
        self.scale = nn.Parameter(torch.tensor(10.0))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * F.linear(F.normalize(x), F.normalize(self.weight))


class LowRank(nn.Linear):
    """A frozen layer with a low-rank update (LoRA)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.requires_grad_(False)
        self.down = nn.Parameter(torch.randn(2, inputs))
        self.up = nn.Parameter(torch.zeros(outputs, 2))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + x @ self.down.T @ self.up.T


def test_a_forward_of_its_own_is_kept_where_it_is_allowed() -> None:
    module: Any = nn.Sequential(LowRank(4, 5), nn.ReLU(), Cosine(5, 3))
    x = torch.randn(6, 4)
    with pytest.raises(ValueError, match=r"2 \(Cosine .*own_forward=\(Cosine,\)"):
        convert(module)
    network = convert(module, own_forward=(Cosine,))
    assert [name for name, _ in network.body.named_parameters()] == ["0.down", "0.up", "2.scale"]
    open_mappings(network)
    torch.testing.assert_close(network.eval()(x), module(x))
    for task in range(2):
        network.begin_task(task, [])
        with torch.no_grad():
            network.body.get_parameter("0.up").normal_()
        network.finish_task()
    mask = network.masks()["2"][0]
    up = network.body.get_buffer("0.finished_up")[0]
    hidden = module[0](x) + x @ module[0].down.T @ up.T
    weight = network.relevance_layers()["2"].weight * mask
    expected = 10 * F.linear(F.normalize(hidden.relu()), F.normalize(weight))
    torch.testing.assert_close(network(x, 0), expected)


class Counter(nn.Module):
    """Adds what it has seen so far."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Tensor
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.seen += len(x)
        return x + self.seen


def test_a_shared_buffer_that_changes_is_named_after_the_first_step() -> None:
    network = convert(nn.Sequential(nn.Linear(3, 2), nn.Sequential(Counter())))
    network.begin_task(0, [])
    network.train()(torch.randn(4, 3))
    with pytest.raises(RuntimeError, match=r"1\.0\.seen \(Counter\) changes in training"):
        network.restore_frozen_weights()


class Averaged(nn.Module):
    """Takes away a running mean, which it keeps in one of several ways."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way
        self.mean: Tensor | None
        self.register_buffer("mean", None if way == "none at first" else torch.zeros(2))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.follow(x.detach().mean(0))
        return x if self.mean is None else x - self.mean

    def follow(self, mean: Tensor) -> None:
        if self.mean is None:
            self.mean = mean
        elif self.way == "data":
            self.mean.data.mul_(0.9).add_(0.1 * mean)
        elif self.way == "data of another":
            self.mean.data = 0.9 * self.mean + 0.1 * mean
        elif self.way != "constant":
            self.mean = 0.9 * self.mean + 0.1 * mean


@pytest.mark.parametrize("way", ["data", "data of another", "another", "none at first", "constant"])
def test_a_shared_buffer_is_refused_in_whatever_way_it_changes(way: str) -> None:
    network = convert(nn.Sequential(nn.Linear(3, 2), Averaged(way)))
    network.begin_task(0, [])

    def train() -> None:
        for _ in range(2):
            network.train()(torch.randn(4, 3))
            network.restore_frozen_weights()
        network.finish_task()

    if way == "constant":
        train()
        return
    with pytest.raises(RuntimeError, match=r"1\.mean \(Averaged\) changes in training"):
        train()
    assert network.tasks == 0


class Cached(nn.Module):
    """Computes a constant when it first needs it, or again each time."""

    def __init__(self, *, once: bool) -> None:
        super().__init__()
        self.once = once
        self.mask: Tensor | None
        self.register_buffer("mask", None)

    def forward(self, x: Tensor) -> Tensor:
        if self.mask is None or not self.once:
            self.mask = torch.ones(x.shape[1])
        return x * self.mask


@pytest.mark.parametrize("once", [True, False])
def test_a_buffer_may_be_given_its_value_in_the_first_task(once: bool) -> None:
    module = nn.Sequential(nn.Linear(3, 2), Cached(once=once))
    network, late = (convert(module) for _ in range(2))
    for task in range(2):
        network.begin_task(task, [])
        network.train()(torch.randn(4, 3))
        network.restore_frozen_weights()
        network.finish_task()
    for task in range(2):  # a value that finished tasks have not had
        late.begin_task(task, [])
        if task:
            late.train()(torch.randn(4, 3))
            with pytest.raises(RuntimeError, match=r"1\.mask \(Cached\) changes in training"):
                late.restore_frozen_weights()
        else:
            late.finish_task()


def test_training_without_a_task_is_refused() -> None:
    network, x = convert(nn.Linear(3, 2)), torch.randn(4, 3)
    for task in range(2):
        with pytest.raises(RuntimeError, match="call begin_task first"):
            network.train()(x)
        network.begin_task(task, [])
        network.train()(x)
        network.finish_task()


def test_a_single_example_before_batch_norm_says_what_to_change() -> None:
    network = convert(nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)))
    network.begin_task(0, [])
    with pytest.raises(ValueError, match="train_mb_size"):
        network.train()(torch.randn(1, 3))
    network = convert(nn.Linear(3, 2))
    network.begin_task(0, [])
    network.train()(torch.randn(1, 3))  # without BatchNorm, one is enough


class Strict(nn.Module):
    """Refuses inputs that are none of its own."""

    def forward(self, x: Tensor) -> Tensor:
        raise ValueError("no such word")


def test_an_error_of_the_modules_own_stays_what_it_is() -> None:
    network = convert(nn.Sequential(nn.Linear(3, 2), Strict(), nn.BatchNorm1d(2)))
    network.begin_task(0, [])
    for examples in (1, 2):
        with pytest.raises(ValueError, match=r"^no such word$"):
            network.train()(torch.randn(examples, 3))


def test_a_network_is_in_the_mode_of_its_module() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    assert all(part.training for part in convert(module).modules())
    assert not any(part.training for part in convert(module.eval()).modules())
    module.train()[1].eval()
    modes = {name for name, part in convert(module).named_modules() if not part.training}
    assert modes == {"body.1"}


class Scaled(nn.Module):
    """A frozen parameter under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)
        self.scale = nn.Parameter(torch.full((3,), 2.0), requires_grad=False)
        self.shift = self.scale

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.layer(x * self.scale + self.shift)
        return output


def test_a_frozen_parameter_of_two_names_is_fixed_under_both() -> None:
    module = Scaled()
    network = convert(module, initialisation="open")
    network.begin_task(0, [])
    x = torch.randn(4, 3)
    torch.testing.assert_close(network.eval()(x), module(x))
    network.finish_task()
    fixed = {name for name, _ in network.body.named_buffers()}
    assert fixed >= {"scale", "shift"}
    assert {name for name, _ in network.body.named_parameters()} == {"layer.bias"}


class OutputRegisteredFirst(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.norm, self.out = nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Linear(5, 2)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.out(self.act(self.norm(self.act(self.hidden(x)))))
        return logits


@pytest.mark.parametrize("head", ["shared", "per-task"])
def test_the_output_layer_is_the_last_with_weights(head: Literal["shared", "per-task"]) -> None:
    network = convert(OutputRegisteredFirst(), head=head)
    for task in range(2):
        network.begin_task(task, [0, 1])
        network.finish_task()
    x = torch.randn(4, 6)
    assert network.eval().features_per_task(x).shape == (2, 4, 5)


def test_a_tied_layer_without_batchnorm_is_rescaled_once_and_when_the_first_task_begins() -> None:
    torch.manual_seed(0)
    tied = nn.Linear(300, 300, bias=False)
    network = convert(nn.Sequential(tied, nn.Sequential(tied), nn.Linear(300, 2)))
    layer = network.relevance_layers()["0"]
    assert torch.equal(layer.weight, tied.weight)
    damping = layer.relevance.square().mean().sqrt()
    for task in range(2):
        network.begin_task(task, [])
        torch.testing.assert_close(layer.weight, tied.weight / damping)
        network.finish_task()


def test_a_network_that_has_learned_is_not_rescaled_when_it_is_loaded() -> None:
    saved, loaded = (convert(nn.Linear(6, 4)) for _ in range(2))
    saved.begin_task(0, [])
    loaded.load_state_dict(saved.state_dict())
    loaded.begin_task(0, [])
    assert torch.equal(loaded.mappings[0].weight, saved.mappings[0].weight)


@pytest.mark.parametrize("initialisation", ["normal", "uniform"])
def test_fresh_masks_keep_the_size_of_signals_where_no_batchnorm_restores_it(
    initialisation: str,
) -> None:
    torch.manual_seed(0)
    plain = nn.Sequential(*(nn.Linear(300, 300, bias=False) for _ in range(6)))
    x = torch.randn(500, 300)
    network = convert(plain, initialisation=initialisation)
    network.begin_task(0, [])
    assert 0.8 < (network.train()(x).std() / plain(x).std()).item() < 1.25


def test_resnet18() -> None:
    network = convert(resnet18(num_classes=5))
    x = torch.rand(2, 3, 32, 32)
    for task in range(2):
        network.begin_task(task, [0, 1, 2, 3, 4])
        network.train()
        network(x).sum().backward()
        network.finish_task()
    assert network.eval()(x, 0).shape == (2, 5)
    assert len(network.relevance_layers()) == 21


@pytest.mark.parametrize(
    "wrong",
    [
        {"initialisation": "norml"},
        {"rule": "maxlogit"},
        {"batch_norm": "none"},
        {"head": "own"},
        {"biases": "shared"},
    ],
)
def test_wrong_settings_say_what_is_allowed(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="use"):
        convert(nn.Linear(2, 2), **wrong)
