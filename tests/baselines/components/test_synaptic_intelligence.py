"""Synaptic intelligence against a slow loop over the equations of Zenke et al. 2017."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from avalanche.training.plugins import SynapticIntelligencePlugin as StockPlugin
from avalanche.training.supervised import Naive
from torch import nn

from baselines.components.synaptic_intelligence import SynapticIntelligencePlugin
from harness.data.loading import BatchLoader
from harness.data.streams import Stream

Trained = Callable[..., Naive]
RATE = 0.1


def slow_reference(
    model: nn.Module, stream: Stream, strength: float, eps: float = 0.1
) -> nn.Module:
    """One weight tensor at a time, penalty through autograd, path with the task's gradient."""
    weights = list(model.parameters())
    importance = [torch.zeros_like(weight) for weight in weights]
    for task, experience in enumerate(stream.experiences[:2]):
        start = copy.deepcopy(weights)
        path = [torch.zeros_like(weight) for weight in weights]
        for x, y, _ in BatchLoader(experience.dataset, 64, seed=task):
            loss = nn.functional.cross_entropy(model(x), y)
            gradients = torch.autograd.grad(loss, weights, retain_graph=True)
            penalty = sum(
                (i * (w - s.detach()) ** 2).sum()
                for i, w, s in zip(importance, weights, start, strict=True)
            )
            total = torch.autograd.grad(loss + strength * penalty, weights)
            for k, weight in enumerate(weights):
                step = -RATE * total[k]
                path[k] -= gradients[k] * step
                weight.data += step
        for k, weight in enumerate(weights):
            moved = weight.detach() - start[k].detach()
            importance[k] += (path[k] / (moved**2 + eps)).clamp(min=0)
    return model


def test_it_equals_the_slow_reference(
    trained: Trained, one_layer: nn.Module, stream: Stream
) -> None:
    reference = slow_reference(copy.deepcopy(one_layer), stream, strength=50.0)
    free = trained(copy.deepcopy(one_layer), rate=RATE, tasks=2).model
    plugin = SynapticIntelligencePlugin(si_lambda=50.0, eps=0.1)
    ours = trained(one_layer, plugin, rate=RATE, tasks=2).model
    for mine, slow in zip(ours.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(mine, slow, rtol=1e-4, atol=1e-5)
    assert not torch.equal(ours[1].weight, free[1].weight)


def test_avalanches_own_is_inert_on_a_cpu(trained: Trained, one_layer: nn.Module) -> None:
    """The reason for our plugin; when this fails, Avalanche has mended its own."""
    free = trained(copy.deepcopy(one_layer), rate=RATE, tasks=2).model
    held = trained(one_layer, StockPlugin(si_lambda=1e6), rate=RATE, tasks=2).model
    assert torch.equal(free[1].weight, held[1].weight)
