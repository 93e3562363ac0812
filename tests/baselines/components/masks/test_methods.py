"""What all mask methods have in common: nothing is forgotten, and outputs are kept apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from baselines.components.masks.masked_layer import MaskedLayer
from baselines.components.masks.network import MaskNetwork
from baselines.components.masks.strategy import MaskTraining
from baselines.context import Context, Norm
from baselines.interface import Baseline, Role
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.plan import default_methods
from harness.data.streams import Stream
from harness.training.networks import cifar_cnn, resnet18

Learned = Callable[..., MaskTraining]

NAMES = [name for name, method in methods().items() if method.role is Role.RELATED]
KEEPS_SHARED_NORM = {"packnet", "piggyback"}
"""Methods whose publication holds a BatchNorm that all tasks share after the first."""


def made(name: str) -> Baseline:
    return methods()[name]()


def logits_at_each_stage(
    method: Baseline, context: Context, stream: Stream
) -> tuple[list[Tensor], MaskTraining]:
    """Of the first task, after each of three tasks."""
    torch.manual_seed(0)
    strategy = method.build(context)
    assert isinstance(strategy, MaskTraining)
    x, found = stream.test[0].inputs(), []
    for experience in stream.experiences[:3]:
        strategy.train(experience, reset_optimizer_state=True)
        strategy.model.eval()
        with torch.no_grad():
            found.append(strategy.logits_of_task(x, 0))
    return found, strategy


@pytest.mark.parametrize("norm", ["per-task", "shared", "none", "group"])
@pytest.mark.parametrize("name", NAMES)
def test_the_first_tasks_logits_stay_bit_for_bit(
    name: str, norm: Norm, own: Context, stream: Stream
) -> None:
    plain = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 50, bias=False), nn.ReLU(), nn.Linear(50, 10, bias=False)
    )
    network = own.network if norm in ("per-task", "shared") else lambda: plain
    context = replace(own, norm=norm, network=network)
    first, second, third = logits_at_each_stage(made(name), context, stream)[0]
    kept = torch.equal(first, second) and torch.equal(first, third)
    assert kept == (norm != "shared" or name in KEEPS_SHARED_NORM)


@pytest.mark.parametrize("name", NAMES)
def test_a_head_per_task_is_kept(name: str, own: Context, stream: Stream) -> None:
    context = replace(own, head="per-task", loss="all", task_outputs=())
    first, second, third = logits_at_each_stage(made(name), context, stream)[0]
    assert torch.equal(first, second)
    assert torch.equal(first, third)


@pytest.mark.parametrize("name", NAMES)
def test_outputs_of_other_tasks_neither_learn_nor_count(name: str, learned: Learned) -> None:
    strategy = learned(made(name), tasks=1)
    *_, output = [layer for layer in strategy.model.modules() if isinstance(layer, MaskedLayer)]
    before = output.weight.detach().clone()
    [mask] = output.masks()
    assert mask[:2].any()
    assert not mask[2:].any()
    untrained = learned(made(name), tasks=0)
    *_, fresh = [layer for layer in untrained.model.modules() if isinstance(layer, MaskedLayer)]
    assert torch.equal(before[2:], fresh.weight[2:])


@pytest.mark.parametrize("name", NAMES)
def test_every_task_is_learned(name: str, learned: Learned, stream: Stream) -> None:
    strategy = learned(made(name), tasks=3)
    for task in range(3):
        x, y = stream.test[task].inputs(), stream.test[task].images.labels
        own = slice(2 * task, 2 * task + 2)
        answers = strategy.logits_of_task(x, task)[:, own].argmax(1) + 2 * task
        assert (answers == y).float().mean() > 0.8


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_network_predicts_the_same_bits(
    name: str, learned: Learned, stream: Stream
) -> None:
    strategy, fresh = learned(made(name), tasks=2), learned(made(name), tasks=0)
    fresh.model.load_state_dict(strategy.model.state_dict())
    x = stream.test[0].inputs()[:20]
    assert torch.equal(fresh.logits_per_task(x), strategy.logits_per_task(x))
    inferred = strategy.infer_task_in_one_shot(x)
    assert torch.equal(fresh.infer_task_in_one_shot(x), inferred)


@pytest.mark.parametrize("backbone", [cifar_cnn, resnet18])
@pytest.mark.parametrize("name", NAMES)
def test_convolutional_networks(
    name: str, backbone: Callable[[int], nn.Module], own: Context
) -> None:
    torch.manual_seed(0)
    channels_last = backbone(10).to(memory_format=torch.channels_last)
    model = made(name).build(replace(own, network=lambda: channels_last)).model
    assert isinstance(model, MaskNetwork)
    x = torch.rand(4, 3, 32, 32)
    for task in range(2):
        model.begin_task(task, [2 * task, 2 * task + 1])
        model.open_outputs([2 * task, 2 * task + 1])
        model.train()
        model(x).square().sum().backward()
        model.finish_task()
    model.eval()
    assert model.logits_per_task(x).shape == (2, 4, 10)
    one, other = model.infer_task_in_one_shot(x), model.infer_task_by_halving(x)
    assert torch.equal(one, other)  # of two tasks


@pytest.mark.parametrize("name", NAMES)
def test_it_is_compared_where_it_is_named(name: str) -> None:
    for benchmark in BENCHMARKS.values():
        if not benchmark.methods:  # of a publication's setting
            assert name not in default_methods(benchmark, methods())
