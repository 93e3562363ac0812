"""The law of every method that declares a penalty strength: none at 0, no forgetting at 1e12."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Literal

import pytest
import torch
from avalanche.models import avalanche_forward
from avalanche.training.templates import SupervisedTemplate
from torch import nn

from baselines.context import Context
from baselines.interface import Baseline
from baselines.naive import Naive
from baselines.registry import methods
from harness.data.streams import Stream

DECLARING = {name: method for name, method in methods().items() if method.penalty_setting}

Head = Literal["shared", "per-task"]

every_penalty = pytest.mark.parametrize("method", DECLARING.values(), ids=DECLARING)
with_each_head = pytest.mark.parametrize("head", ["shared", "per-task"])


def with_strength(method: type[Baseline], strength: float) -> Baseline:
    return replace(method(), **{method.penalty_setting: strength})


def trained(method: Baseline, context: Context, stream: Stream, tasks: int) -> SupervisedTemplate:
    torch.manual_seed(0)
    strategy = method.build(context)
    for experience in stream.experiences[:tasks]:
        strategy.train(experience, reset_optimizer_state=True)
    return strategy


def accuracy(strategy: SupervisedTemplate, stream: Stream) -> float:
    """On the first task, among its own outputs."""
    strategy.model.eval()
    x, y = stream.test[0].inputs(), stream.test[0].images.labels
    with torch.no_grad():
        logits = avalanche_forward(strategy.model, x, torch.zeros(len(x), dtype=torch.long))
    return float((logits[:, :2].argmax(1) == y).float().mean())


def plain_mlp() -> nn.Module:
    """Without BatchNorm, whose statistics no penalty keeps."""
    torch.manual_seed(0)
    layers = [nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(100, 10, bias=False))


def test_the_methods_with_a_penalty_declare_it() -> None:
    assert {"ewc", "lwf", "mas", "rwalk", "si"} <= DECLARING.keys()


@every_penalty
def test_the_strength_is_a_setting_that_may_be_0_and_1e12(method: type[Baseline]) -> None:
    [field] = [field for field in fields(method) if field.name == method.penalty_setting]
    low, high = field.metadata["minimum"], field.metadata["maximum"]
    assert low == 0
    assert high is None or high >= 1e12


@every_penalty
@with_each_head
def test_at_strength_0_the_network_is_that_of_naive(
    method: type[Baseline], head: Head, context: Context, stream: Stream
) -> None:
    context = replace(context, head=head)
    ours, plain = (
        trained(made, context, stream, 3).model.state_dict()
        for made in (with_strength(method, 0.0), Naive())
    )
    assert ours.keys() == plain.keys()
    assert any("running_mean" in name for name in plain)
    assert [name for name, value in plain.items() if not torch.equal(value, ours[name])] == []


@every_penalty
def test_at_strength_1e12_the_first_task_is_kept(
    method: type[Baseline], context: Context, stream: Stream
) -> None:
    """Steps of Adam are about as long as the learning rate: weights stray, and are drawn back."""
    context = replace(context, network=plain_mlp, epochs=10)
    learned = accuracy(trained(method(), context, stream, 1), stream)
    forgotten = accuracy(trained(Naive(), context, stream, 5), stream)
    kept = accuracy(trained(with_strength(method, 1e12), context, stream, 5), stream)
    assert learned > 0.95
    assert forgotten < 0.7
    assert kept > learned - 0.05
