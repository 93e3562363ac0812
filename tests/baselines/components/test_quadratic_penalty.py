"""The penalty's gradient against autograd."""

import torch
from torch import nn

from baselines.components.quadratic_penalty import pull_back


def test_the_gradient_is_that_of_the_penalty() -> None:
    torch.manual_seed(0)
    weights = {name: nn.Parameter(torch.randn(3)) for name in ("important", "new", "unused")}
    anchor, importance = torch.randn(3), torch.rand(3)
    loss = weights["important"].sum() + weights["new"].sum()
    penalty = 0.7 * (importance * (weights["important"] - anchor) ** 2).sum()
    (expected,) = torch.autograd.grad(loss + penalty, weights["important"], retain_graph=True)
    torch.autograd.backward(loss)
    pull_back(weights, {"important": anchor}, {"important": importance}, 0.7)
    torch.testing.assert_close(weights["important"].grad, expected)
    torch.testing.assert_close(weights["new"].grad, torch.ones(3))  # no importance: left alone
    assert weights["unused"].grad is None
