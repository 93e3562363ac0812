"""WSN, SupSup and Piggyback: which weights a task uses, which are trained, and which stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import nn

from baselines.components.masks.masked_layer import MaskedLayer, OwnOutputsLayer
from baselines.components.masks.scored_layers import PiggybackLayer, SupSupLayer, WSNLayer
from baselines.components.masks.strategy import MaskTraining
from baselines.context import Context
from baselines.piggyback import Piggyback
from baselines.supsup import SupSup
from baselines.wsn import WSN
from harness.data.streams import Stream

Learned = Callable[..., MaskTraining]


def weights(strategy: MaskTraining) -> dict[str, torch.Tensor]:
    """Of the masked layers, copied."""
    layers = strategy.model.masked_layers
    return {name: layer.weight.detach().clone() for name, layer in layers.items()}


@pytest.mark.parametrize("density", [0.03, 0.3])
def test_wsn_uses_exactly_its_share_of_each_layer(density: float, learned: Learned) -> None:
    strategy = learned(WSN(density=density), tasks=3)
    *hidden, _ = strategy.masks().values()
    for mask in hidden:
        assert mask.flatten(1).sum(1).tolist() == [round(density * mask[0].numel())] * 3
        assert not torch.equal(mask[0], mask[1])  # it learns which


def test_wsn_uses_the_largest_scores() -> None:
    layer = WSNLayer(nn.Linear(3, 2, bias=False), density=0.5)
    layer.scores.data = torch.tensor([[0.1, -0.9, 0.3], [-0.2, 0.8, -0.4]])
    expected = torch.tensor([[False, True, False], [False, True, True]])
    assert torch.equal(layer.live_mask(), expected)
    x, target = torch.randn(5, 3), torch.randn(5, 2)
    ((layer(x) - target) ** 2).sum().backward()
    assert layer.weight.grad is not None
    assert layer.scores.grad is not None
    assert torch.equal(layer.weight.grad != 0, expected)
    slope = 2 * (layer(x) - target).T @ x  # with respect to the masked weight
    through = slope * layer.weight * layer.scores.sign()
    torch.testing.assert_close(layer.scores.grad, through.detach())


def test_wsn_holds_the_union_of_earlier_masks_and_trains_the_rest(
    learned: Learned, stream: Stream
) -> None:
    strategy = learned(WSN(density=0.3), tasks=2)
    before, used = weights(strategy), {n: m.any(0) for n, m in strategy.masks().items()}
    strategy.train(stream.experiences[2], reset_optimizer_state=True)
    for name, mask in strategy.masks().items():
        changed = weights(strategy)[name] != before[name]
        assert not (changed & used[name]).any()
        assert changed.any()
        assert (mask[2] & used[name]).any() or name == "10"  # used again, but in the heads


def test_supsup_never_changes_a_weight(learned: Learned) -> None:
    first = weights(learned(SupSup(), tasks=0))
    strategy = learned(SupSup(), tasks=3)
    for name, weight in weights(strategy).items():
        assert torch.equal(weight, first[name])
        assert (weight.abs() == weight.abs().max()).all()
    for mask in strategy.masks().values():
        assert len({bytes(one.numpy()) for one in mask}) == 3


def test_supsup_keeps_the_size_of_signals_whatever_its_density(own: Context) -> None:
    torch.manual_seed(0)
    for density in (0.1, 0.5):
        layers = [SupSupLayer(nn.Linear(400, 400, bias=False), density) for _ in range(4)]
        x = torch.randn(200, 400)
        for layer in layers:
            x = layer(x).relu()
        assert 0.5 < x.square().mean() < 2


def test_supsup_masks_its_share_of_a_tasks_own_outputs(learned: Learned) -> None:
    *_, output = learned(SupSup(density=0.25), tasks=2).masks().values()
    assert output.sum(2).sum(1).tolist() == [50, 50]
    assert output[1, [0, 1, *range(4, 10)]].sum() == 0


def test_supsup_infers_tasks_by_all_of_its_rules(learned: Learned, stream: Stream) -> None:
    strategy = learned(SupSup(), tasks=3)
    x = stream.test[0].inputs()[:40]
    assert strategy.model.rule == "entropy"
    found = strategy.model.infer_task_by_halving(x)
    assert set(found.tolist()) <= {0, 1, 2}
    assert not torch.equal(found, strategy.infer_task_in_one_shot(x))  # another mixture at the end


def test_piggyback_fixes_what_the_first_task_trained(learned: Learned, stream: Stream) -> None:
    strategy = learned(Piggyback(), tasks=1)
    assert all(mask.all() for mask in list(strategy.masks().values())[:-1])
    backbone = weights(strategy)
    untrained = weights(learned(Piggyback(), tasks=0))
    assert all(not torch.equal(backbone[name], untrained[name]) for name in backbone)
    for experience in stream.experiences[1:3]:
        strategy.train(experience, reset_optimizer_state=True)
    layers: dict[str, MaskedLayer] = dict(strategy.model.masked_layers)
    for name, layer in layers.items():
        fixed = torch.equal(layer.weight, backbone[name])
        assert fixed == isinstance(layer, PiggybackLayer)
        if isinstance(layer, OwnOutputsLayer):
            assert torch.equal(layer.weight[:2], backbone[name][:2])
    first, *_, _ = strategy.masks().values()
    assert not first[1].all()
    assert not torch.equal(first[1], first[2])


def test_piggyback_compares_scores_with_its_threshold() -> None:
    layer = PiggybackLayer(nn.Linear(3, 1, bias=False), threshold=0.005)
    assert torch.equal(layer.live_weight(), layer.weight)
    layer.finish_task()
    layer.begin_task()
    assert layer.live_mask().all()
    layer.scores.data = torch.tensor([[0.0051, 0.005, -1.0]])
    assert layer.live_mask().tolist() == [[True, False, False]]
    layer(torch.ones(1, 3)).sum().backward()
    assert layer.weight.grad is None
    assert layer.scores.grad is not None
    assert torch.equal(layer.scores.grad, layer.weight.detach())


def test_a_shared_output_layer_has_a_mask_as_well(learned: Learned, own: Context) -> None:
    shared = replace(own, loss="all", task_outputs=())
    *_, output = learned(WSN(density=0.1), tasks=2, context=shared).masks().values()
    assert output.flatten(1).sum(1).tolist() == [100, 100]
