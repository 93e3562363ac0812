"""A-GEM's projection against its definition, and in training with every kind of output layer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest
import torch
from avalanche.models import avalanche_forward
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from baselines.agem import AGEM
from baselines.components.averaged_gem import AveragedGEMPlugin, project
from baselines.context import Context
from baselines.interface import Baseline
from baselines.mega import MEGA
from harness.data.streams import Stream


def weights_with(gradient: Tensor, *cuts: int) -> dict[str, nn.Parameter]:
    parts = torch.tensor_split(gradient, cuts)
    weights = {str(number): nn.Parameter(torch.zeros_like(p)) for number, p in enumerate(parts)}
    for part, weight in zip(parts, weights.values(), strict=True):
        weight.grad = part.clone()
    return weights


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_what_is_against_the_reference_is_taken_out_and_nothing_else(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    gradient, reference = torch.randn(2, 9, generator=generator, dtype=torch.float64)
    weights = weights_with(gradient, 2, 5)
    named = zip(weights, torch.tensor_split(reference, (2, 5)), strict=True)
    project(weights, dict(named))
    found = torch.cat([weight.grad for weight in weights.values() if weight.grad is not None])
    product = float(gradient @ reference)
    if product >= 0:
        assert torch.equal(found, gradient)
    else:
        assert float(found @ reference) == pytest.approx(0, abs=1e-12)
        change = found - gradient
        assert torch.allclose(change, reference * (change @ reference / reference.square().sum()))


def test_a_weight_that_one_of_both_lacks_counts_as_zeros() -> None:
    weights = weights_with(torch.tensor([-1.0, 5.0, 0.0]), 1, 2)
    weights["2"].grad = None
    project(weights, {"0": torch.tensor([1.0]), "2": torch.tensor([1.0])})
    gradients = {name: weight.grad for name, weight in weights.items()}
    assert gradients == {
        "0": torch.tensor([-0.5]),
        "1": torch.tensor([5.0]),
        "2": torch.tensor([0.5]),
    }


class Products(SupervisedPlugin):
    """Recomputes the reference gradient of all stored examples after each projection."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[float] = []

    def before_update(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        [memory] = [p for p in strategy.plugins if isinstance(p, AveragedGEMPlugin)]
        if not memory.columns:
            return
        x, y, labels = memory.columns
        weights = list(strategy.model.parameters())
        loss = strategy._criterion(avalanche_forward(strategy.model, x, labels), y)
        reference = torch.autograd.grad(loss, weights, allow_unused=True)
        pairs = [
            (own.grad, one)
            for own, one in zip(weights, reference, strict=True)
            if own.grad is not None and one is not None
        ]
        product = sum(float((g * r).sum()) for g, r in pairs)
        length = sum(float(r.square().sum()) for _, r in pairs)
        self.found.append(product / length)


@pytest.mark.parametrize("method", [AGEM(per_task=1), AGEM(sample=1), MEGA(per_task=1)])
def test_one_stored_example_is_a_reference_beside_a_batch_norm(
    method: Baseline, context: Context, stream: Stream
) -> None:
    """Of one example a BatchNorm has no statistics: it takes those of the data so far."""
    strategy = method.build(replace(context, norm="shared", epochs=1))
    for experience in stream.experiences[:2]:
        strategy.train(experience, reset_optimizer_state=True)
    assert strategy.model.training
    assert all(torch.isfinite(one).all() for one in strategy.model.state_dict().values())


@pytest.mark.parametrize("head", ["shared", "per-task"])
@pytest.mark.parametrize("norm", ["shared", "per-task"])
def test_no_gradient_is_against_that_of_the_stored_examples(
    norm: Literal["shared", "per-task"],
    head: Literal["shared", "per-task"],
    context: Context,
    stream: Stream,
) -> None:
    torch.manual_seed(0)
    strategy = AGEM(per_task=20).build(replace(context, norm=norm, head=head))
    products = Products()
    strategy.plugins.append(products)
    for experience in stream.experiences[:3]:
        strategy.train(experience, reset_optimizer_state=True)
    assert len(products.found) == 2 * 2 * 8
    assert min(products.found) > -1e-3
    assert min(map(abs, products.found)) < 1e-3  # some were projected
