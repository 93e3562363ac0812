"""Riemannian walk against a slow loop over the equations of Chaudhry et al. 2018."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from avalanche.training.supervised import Naive
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.components.riemannian_walk import RiemannianWalkPlugin, from_zero_to_one
from harness.data.loading import BatchLoader
from harness.data.streams import Stream

Trained = Callable[..., Naive]
RATE, STRENGTH, ALPHA, INTERVAL, EPS = 0.1, 3.0, 0.9, 3, 1e-4


def slow_reference(
    model: nn.Module, stream: Stream, tasks: int
) -> tuple[list[Tensor], list[Tensor]]:
    """Weights and importances; the penalty through autograd, one list of all weights at a time."""
    weights: list[Tensor] = list(model.parameters())
    importance = [torch.zeros_like(weight) for weight in weights]
    anchor = copy.deepcopy(weights)
    fisher: list[Tensor] = []
    score: list[Tensor] = []
    for task, experience in enumerate(stream.experiences[:tasks]):
        own = [torch.zeros_like(weight) for weight in weights]
        batches = list(BatchLoader(experience.dataset, 64, seed=task))
        lowered = [torch.zeros_like(weight) for weight in weights]
        start = [weight.detach().clone() for weight in weights]
        for step, (x, y, _) in enumerate(batches, start=1):
            gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
            squares = [gradient**2 for gradient in gradients]
            new = zip(fisher, squares, strict=True)
            fisher = [ALPHA * s + (1 - ALPHA) * f for f, s in new] if fisher else squares
            terms = zip(importance, weights, anchor, strict=True)
            penalty = sum((i * (w - a.detach()) ** 2).sum() for i, w, a in terms)
            assert isinstance(penalty, Tensor)
            pulls = torch.autograd.grad(STRENGTH * penalty, weights)
            with torch.no_grad():
                for n, weight in enumerate(weights):
                    change = -RATE * (gradients[n] + pulls[n])
                    weight.add_(change)
                    lowered[n] -= gradients[n] * change
                if step % INTERVAL and step < len(batches):
                    continue
                for n, weight in enumerate(weights):
                    distance = fisher[n] * (weight - start[n]) ** 2 / 2
                    own[n] += torch.relu(lowered[n] / (distance + EPS))
                    start[n], lowered[n] = weight.detach().clone(), torch.zeros_like(weight)
        score = [(a + b) / 2 for a, b in zip(score, own, strict=True)] if score else own
        importance = [a + b for a, b in zip(scaled(fisher), scaled(score), strict=True)]
        anchor = copy.deepcopy(weights)
    return [weight.detach() for weight in weights], importance


def scaled(values: list[Tensor]) -> list[Tensor]:
    everything = torch.cat([value.flatten() for value in values])
    low, high = everything.min(), everything.max()
    return [(value - low) / (high - low) for value in values]


@pytest.mark.parametrize("tasks", [1, 2, 3])
def test_weights_and_importances_are_those_of_the_equations(
    tasks: int, trained: Trained, one_layer: nn.Module, stream: Stream
) -> None:
    weights, importance = slow_reference(copy.deepcopy(one_layer), stream, tasks)
    plugin = RiemannianWalkPlugin(strength=STRENGTH, alpha=ALPHA, interval=INTERVAL, eps=EPS)
    model = trained(one_layer, plugin, rate=RATE, tasks=tasks).model
    for found, expected in zip(model.parameters(), weights, strict=True):
        assert torch.allclose(found, expected, atol=1e-5)
    for value, wanted in zip(plugin.importance.values(), importance, strict=True):
        assert torch.allclose(value, wanted, atol=1e-3)


def test_scaling_is_over_all_weights_together() -> None:
    scaled = from_zero_to_one({"a": torch.tensor([1.0, 3.0]), "b": torch.tensor([[5.0]])})
    assert {name: value.flatten().tolist() for name, value in scaled.items()} == {
        "a": [0.0, 0.5],
        "b": [1.0],
    }
    assert from_zero_to_one({"a": torch.ones(2)})["a"].tolist() == [0, 0]
