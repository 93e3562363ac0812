"""Conversion of any module of Linear, Conv2d and BatchNorm layers."""

from typing import Any, Literal

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import resnet18

from rmn import convert
from rmn.mapping.layers import RelevanceConv2d, RelevanceLinear
from rmn.tasks.layers import TaskBatchNorm


def test_nested_modules_are_converted_and_the_original_left() -> None:
    original = nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2, padding=1),
        nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten()),
        nn.ModuleDict({"head": nn.Linear(4 * 14 * 14, 10)})["head"],
    )
    made = convert(original).body
    assert isinstance(made, nn.Sequential)
    assert isinstance(made[1], nn.Sequential)
    assert isinstance(original[0], nn.Conv2d)
    assert isinstance(made[0], RelevanceConv2d)
    assert isinstance(made[1][0], TaskBatchNorm)
    assert isinstance(made[2], RelevanceLinear)
    assert torch.equal(made[2].weight, original.get_parameter("2.weight"))
    assert made.eval()(torch.rand(2, 1, 28, 28)).shape == (2, 10)


def test_an_open_mask_computes_what_the_layer_does() -> None:
    cases: list[tuple[nn.Conv2d | nn.Linear, Tensor]] = [
        (nn.Conv2d(2, 6, 3, 2, 1, dilation=2, groups=2, bias=False), torch.rand(3, 2, 9, 9)),
        (nn.Linear(5, 4, bias=False), torch.rand(3, 5)),
    ]
    for layer, x in cases:
        norms = nn.BatchNorm2d if x.dim() == 4 else nn.BatchNorm1d
        norm = norms(layer.weight.shape[0])
        original = nn.Sequential(layer, norm).eval()
        made = convert(original)
        (group,) = made.mappings
        group.mapping.data.fill_(1.0)
        torch.testing.assert_close(made.eval()(x), original(x))


def test_modules_that_are_used_again_are_converted_once() -> None:
    tied, norm, act = nn.Linear(6, 6), nn.BatchNorm1d(6), nn.ReLU()
    network = convert(nn.Sequential(tied, norm, act, tied, norm, act, nn.Linear(6, 2)))
    kinds = [RelevanceLinear, TaskBatchNorm, nn.ReLU]
    assert isinstance(network.body, nn.Sequential)
    assert list(map(type, network.body)) == [*kinds, *kinds, RelevanceLinear]
    assert network.body[0] is network.body[3]
    assert network.body[1] is network.body[4]
    x = torch.randn(8, 6)
    for task in range(2):
        network.begin_task(task, [0, 1])
        network.train()(x).square().sum().backward()
        network.finish_task()
        if not task:
            before = network.eval()(x, 0).detach()
    assert torch.equal(network.eval()(x, 0), before)


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


def test_a_tied_layer_without_batchnorm_is_rescaled_once() -> None:
    torch.manual_seed(0)
    tied = nn.Linear(300, 300, bias=False)
    layers = convert(nn.Sequential(tied, nn.Sequential(tied), nn.Linear(300, 2))).relevance_layers()
    size = (layers["0"].weight / tied.weight).mean() * layers["0"].relevance.square().mean().sqrt()
    assert size.item() == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("initialisation", ["normal", "uniform"])
def test_fresh_masks_keep_the_size_of_signals_where_no_batchnorm_restores_it(
    initialisation: str,
) -> None:
    torch.manual_seed(0)
    plain = nn.Sequential(*(nn.Linear(300, 300, bias=False) for _ in range(6)))
    x = torch.randn(500, 300)
    soft = convert(plain, initialisation=initialisation).train()(x)
    assert 0.8 < (soft.std() / plain(x).std()).item() < 1.25


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
    ("module", "named"),
    [
        (nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2)), r"1 \(LayerNorm"),
        (nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.LSTM(2, 2))), r"1\.0 \(LSTM"),
        (nn.Conv2d(1, 1, 3, padding_mode="reflect"), "padding_mode='reflect'"),
        (nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2, affine=False)), "without affine"),
        (nn.ReLU(), "no Linear or Conv2d"),
    ],
)
def test_what_cannot_be_converted_is_named(module: nn.Module, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        convert(module)


@pytest.mark.parametrize(
    "wrong", [{"initialisation": "norml"}, {"rule": "maxlogit"}, {"batch_norm": "none"}]
)
def test_wrong_settings_say_what_is_allowed(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="use"):
        convert(nn.Linear(2, 2), **wrong)
