"""Synaptic intelligence against a slow loop over the equations of Zenke et al. 2017."""

import copy
from collections.abc import Sequence

import pytest
import torch
from avalanche.benchmarks import DatasetExperience
from avalanche.training.plugins import EvaluationPlugin
from avalanche.training.plugins import SynapticIntelligencePlugin as StockPlugin
from avalanche.training.supervised import Naive
from torch import Tensor, nn

from baselines.components.synaptic_intelligence import SynapticIntelligencePlugin
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.data.loading import BatchLoader, TensorLoading
from harness.data.streams import make_stream

Experiences = Sequence[DatasetExperience]
RATE = 0.1


@pytest.fixture(scope="module")
def experiences() -> Experiences:
    training = TrainingBudget(epochs=1, train_examples=256, test_examples=2)
    return make_stream(BENCHMARKS["split_mnist"], training, seed=0).experiences[:2]


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def trained(
    model: nn.Module, experiences: Experiences, si_lambda: float, eps: float = 0.1
) -> Naive:
    strategy = Naive(
        model=model,
        optimizer=torch.optim.SGD(model.parameters(), lr=RATE),
        criterion=nn.CrossEntropyLoss(),
        train_mb_size=64,
        evaluator=EvaluationPlugin(),
        plugins=[TensorLoading(0), SynapticIntelligencePlugin(si_lambda=si_lambda, eps=eps)],
    )
    for experience in experiences:
        strategy.train(experience)
    return strategy


def slow_reference(
    model: nn.Module, experiences: Experiences, strength: float, eps: float = 0.1
) -> nn.Module:
    """One weight tensor at a time, penalty through autograd, path with the task's gradient."""
    weights = list(model.parameters())
    importance = [torch.zeros_like(weight) for weight in weights]
    for task, experience in enumerate(experiences):
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


def test_it_equals_the_slow_reference(experiences: Experiences) -> None:
    ours = trained(network(), experiences, si_lambda=50.0).model
    reference = slow_reference(network(), experiences, strength=50.0)
    for mine, slow in zip(ours.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(mine, slow, rtol=1e-4, atol=1e-5)


def test_without_penalty_it_is_fine_tuning(experiences: Experiences) -> None:
    free = trained(network(), experiences, si_lambda=0.0).model
    held = trained(network(), experiences, si_lambda=50.0).model
    plain = Naive(
        model=network(),
        optimizer=None,
        criterion=nn.CrossEntropyLoss(),
        train_mb_size=64,
        evaluator=EvaluationPlugin(),
        plugins=[TensorLoading(0)],
    )
    plain.optimizer = torch.optim.SGD(plain.model.parameters(), lr=RATE)
    for experience in experiences:
        plain.train(experience)
    assert torch.equal(free[1].weight, plain.model[1].weight)
    assert not torch.equal(free[1].weight, held[1].weight)


def test_avalanches_own_is_inert_on_a_cpu(experiences: Experiences) -> None:
    """The reason for our plugin; when this fails, Avalanche has mended its own."""
    results: list[Tensor] = []
    for plugins in ([], [StockPlugin(si_lambda=1e6)]):
        model = network()
        strategy = Naive(
            model=model,
            optimizer=torch.optim.SGD(model.parameters(), lr=RATE),
            criterion=nn.CrossEntropyLoss(),
            train_mb_size=64,
            evaluator=EvaluationPlugin(),
            plugins=[TensorLoading(0), *plugins],
        )
        for experience in experiences:
            strategy.train(experience)
        results.append(model.get_parameter("1.weight").detach())
    assert torch.equal(*results)
