"""The penalty's gradient against autograd."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from baselines.components.quadratic_penalty import pull_back


@given(st.integers(0, 2**16), st.floats(0, 1000))
def test_the_gradient_is_that_of_autograd(seed: int, strength: float) -> None:
    generator = torch.Generator().manual_seed(seed)

    def draw() -> torch.Tensor:
        return torch.randn(4, 3, generator=generator, dtype=torch.float64)

    weight, anchor, importance, before = nn.Parameter(draw()), draw(), draw().abs(), draw()
    loss = (before * weight).sum() + strength * (importance * (weight - anchor) ** 2).sum()
    [expected] = torch.autograd.grad(loss, [weight])
    weight.grad = before.clone()
    pull_back({"w": weight}, {"w": anchor}, {"w": importance}, strength)
    torch.testing.assert_close(weight.grad, expected)


def test_weights_without_gradient_or_importance_are_left_alone() -> None:
    still, new = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    new.grad = torch.full((2,), 3.0)
    zeros = {"still": torch.zeros(2)}
    pull_back({"still": still, "new": new}, zeros, {"still": torch.ones(2)}, 1.0)
    assert still.grad is None
    assert new.grad.tolist() == [3, 3]
    assert new.tolist() == [1, 1]
