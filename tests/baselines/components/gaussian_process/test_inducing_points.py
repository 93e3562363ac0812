"""What is kept of a function at inducing points, against full Gaussians."""

from __future__ import annotations

import torch
from torch.distributions import MultivariateNormal, kl_divergence

from baselines.components.gaussian_process.inducing_points import InducingPosterior

VARIANCE, JITTER = 0.7, 0.1


def made() -> tuple[InducingPosterior, list[MultivariateNormal], torch.Tensor]:
    """A posterior at five points of eight features, the same as Gaussians, and the features."""
    torch.manual_seed(0)
    features = torch.randn(5, 8, dtype=torch.float64)
    mean = torch.randn(3, 8, dtype=torch.float64)
    factor = torch.randn(3, 8, 8, dtype=torch.float64).tril()
    gaussians = [
        MultivariateNormal(features @ m, features @ f @ f.T @ features.T)
        for m, f in zip(mean, factor, strict=True)
    ]
    return InducingPosterior.of(features, mean, factor, torch.arange(3)), gaussians, features


def prior(features: torch.Tensor) -> MultivariateNormal:
    kernel = VARIANCE * features @ features.T + JITTER * torch.eye(5, dtype=torch.float64)
    return MultivariateNormal(torch.zeros(5, dtype=torch.float64), kernel)


def test_divergence_is_that_of_torch_but_for_a_constant() -> None:
    posterior, gaussians, features = made()
    differences = []
    for scale in (1.0, 0.5, 2.0):
        present = features + scale * torch.randn_like(features)
        exact = sum(kl_divergence(own, prior(present)) for own in gaussians)
        differences.append(exact - posterior.divergence(present, VARIANCE, JITTER))
    assert torch.allclose(torch.stack(differences), differences[0].expand(3))


def test_it_is_the_same_by_points_and_by_features() -> None:
    """More features that are all 0 change nothing but which matrices are taken."""
    torch.manual_seed(0)
    features, other = torch.randn(2, 5, 3, dtype=torch.float64)
    factor = torch.randn(3, 3, 3, dtype=torch.float64).tril()
    posterior = InducingPosterior.of(features, factor[0], factor, torch.arange(3))
    padded = torch.cat([features, torch.zeros(5, 4, dtype=torch.float64)], 1)
    others = torch.cat([other, torch.zeros(5, 4, dtype=torch.float64)], 1)
    by_features, by_points = (
        posterior.divergence(one, VARIANCE, JITTER) - posterior.divergence(two, VARIANCE, JITTER)
        for one, two in ((features, other), (padded, others))
    )
    assert torch.allclose(by_features, by_points)


def test_weights_are_those_of_the_mean_prediction_of_the_process() -> None:
    posterior, gaussians, features = made()
    inputs = torch.randn(4, 8, dtype=torch.float64)
    between = VARIANCE * inputs @ features.T
    solved = torch.linalg.inv(prior(features).covariance_matrix)
    expected = torch.stack([between @ solved @ own.mean for own in gaussians], 1)
    found = inputs @ posterior.weights(features, VARIANCE, JITTER).T
    assert torch.allclose(found, expected)


def test_the_first_points_are_the_marginal_of_the_posterior() -> None:
    posterior, gaussians, _ = made()
    kept = posterior.first(2)
    for output, own in enumerate(gaussians):
        assert torch.allclose(kept.means[:, output], own.mean[:2])
    second = sum(own.covariance_matrix + torch.outer(own.mean, own.mean) for own in gaussians)
    assert torch.allclose(kept.second, torch.as_tensor(second)[:2, :2])
