"""Memory aware synapses against a slow loop over the definition of Aljundi et al. 2018."""

from __future__ import annotations

from collections.abc import Callable

import torch
from avalanche.training.supervised import Naive
from torch import Tensor, nn

from baselines.components.memory_aware_synapses import MemoryAwareSynapsesPlugin
from harness.data.loading import BatchLoader
from harness.data.streams import Stream

Trained = Callable[..., Naive]
RATE = 0.02


def network() -> nn.Sequential:
    torch.manual_seed(0)
    layers = [nn.Linear(784, 6), nn.BatchNorm1d(6), nn.ReLU()]
    return nn.Sequential(nn.Flatten(), *layers, nn.Linear(6, 10))


def slow_reference(stream: Stream, strength: float) -> nn.Module:
    """Penalty through autograd, importance by a backward pass for each example."""
    model = network()
    weights = list(model.parameters())
    importance = [torch.zeros_like(weight) for weight in weights]
    anchor: list[Tensor] = []
    for task, experience in enumerate(stream.experiences[:3]):
        for x, y, _ in BatchLoader(experience.dataset, 64, seed=task):
            loss = nn.functional.cross_entropy(model.train()(x), y)
            for omega, weight, old in zip(importance, weights, anchor, strict=False):
                loss = loss + strength * (omega * (weight - old) ** 2).sum()
            for weight, gradient in zip(weights, torch.autograd.grad(loss, weights), strict=True):
                weight.data -= RATE * gradient
        anchor = [weight.detach().clone() for weight in weights]
        for x in stream.train[task].inputs():
            norm = model.eval()(x[None]).norm() ** 2
            for omega, gradient in zip(importance, torch.autograd.grad(norm, weights), strict=True):
                omega += gradient.abs() / len(stream.train[task])
    return model


def test_it_equals_the_slow_reference(trained: Trained, stream: Stream) -> None:
    ours, free = (
        trained(network(), MemoryAwareSynapsesPlugin(strength), rate=RATE, tasks=3).model
        for strength in (1.0, 0.0)
    )
    reference = slow_reference(stream, 1.0)
    for mine, slow in zip(ours.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(mine, slow, rtol=1e-3, atol=1e-5)
    assert (ours[1].weight - free[1].weight).abs().max() > 1e-4
