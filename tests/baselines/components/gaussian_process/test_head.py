"""The Gaussian output layer: what it draws, and how far it is from its prior."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.distributions import MultivariateNormal, kl_divergence

from baselines.components.gaussian_process.head import GaussianHead


@pytest.fixture
def head() -> GaussianHead:
    """Of three features and two live outputs, with some covariance."""
    torch.manual_seed(0)
    made = GaussianHead(nn.Linear(3, 6), width=2)
    made.open_outputs([4, 1])
    with torch.no_grad():
        made.factor.copy_(torch.randn(2, 3, 3))
    return made


def posteriors(head: GaussianHead) -> list[MultivariateNormal]:
    mean, factor = head.live()
    covariances = factor @ factor.mT
    return [MultivariateNormal(m, c) for m, c in zip(mean, covariances, strict=True)]


@pytest.mark.parametrize("variance", [1.0, 0.3])
def test_divergence_is_that_of_torch(head: GaussianHead, variance: float) -> None:
    prior = MultivariateNormal(torch.zeros(3), variance * torch.eye(3))
    expected = sum(kl_divergence(own, prior) for own in posteriors(head))
    assert torch.allclose(head.divergence(variance), torch.as_tensor(expected), rtol=1e-4)


def test_outputs_are_drawn_from_their_own_distribution(head: GaussianHead) -> None:
    x = torch.randn(1, 3)
    drawn = head.train()(x.expand(200_000, 3))
    for output, own in zip((4, 1), posteriors(head), strict=True):
        mean, variance = x[0] @ own.mean, x[0] @ own.covariance_matrix @ x[0]
        assert torch.isclose(drawn[:, output].mean(), mean, atol=0.05)
        assert torch.isclose(drawn[:, output].var(), variance, rtol=0.05)
    assert (drawn[:, [0, 2, 3, 5]] == 0).all()


def test_at_test_outputs_are_the_mean_ones_and_stay_so_when_finished(head: GaussianHead) -> None:
    x = torch.randn(4, 3)
    before = head.eval()(x)
    assert torch.allclose(before[:, [4, 1]], x @ head.mean.T)
    head.finish_task()
    head.begin_task()
    assert torch.allclose(head.forward_task(x, 0), before)
