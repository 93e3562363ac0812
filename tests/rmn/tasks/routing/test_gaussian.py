"""Gaussian routers against scipy's densities."""

from collections.abc import Callable

import numpy as np
import torch
from scipy import stats
from torch import Tensor

from rmn.tasks.routing import FeatureGaussian, OutputsPerTask, PixelGaussian, Router

Tasks = list[tuple[Tensor, Tensor]]
Fit = Callable[[Router, Tasks], None]


def test_pixel_gaussian_gives_log_densities(
    make_tasks: Callable[..., Tasks], fit: Fit, scaled: Callable[[int], OutputsPerTask]
) -> None:
    tasks = make_tasks(40, 60, 50)
    router = PixelGaussian(6)
    fit(router, tasks)
    x = tasks[1][0][:7]
    found = router.scores(x, scaled(3))
    for task, (inputs, _) in enumerate(tasks):
        values = inputs.flatten(1).double()
        deviation = (values.var(0, correction=0) + router.smoothing).sqrt()
        normal = stats.norm(values.mean(0).numpy(), deviation.numpy())
        density = normal.logpdf(x.flatten(1).numpy()).sum(1)
        expected = torch.from_numpy(density + 32 * np.log(2 * np.pi))
        torch.testing.assert_close(found[task].double(), expected, rtol=1e-3, atol=1e-2)


def test_feature_gaussian_gives_the_nearest_class_density(
    make_tasks: Callable[..., Tasks], fit: Fit, scaled: Callable[[int], OutputsPerTask]
) -> None:
    tasks = make_tasks(300, 300)
    router = FeatureGaussian(4)
    fit(router, tasks)
    x = tasks[0][0][:5]
    found = router.scores(x, scaled(2))
    for task, (inputs, y) in enumerate(tasks):
        features = inputs.flatten(1).double() * (task + 1)
        classes = [features[y == k] for k in (2 * task, 2 * task + 1)]
        means = [members.mean(0) for members in classes]
        centred = torch.cat([members - members.mean(0) for members in classes])
        covariance = centred.T @ centred / len(centred)
        covariance += router.smoothing * covariance.diagonal().mean() * torch.eye(64)
        seen = (x.flatten(1) * (task + 1)).numpy()
        densities = [
            stats.multivariate_normal(mean.numpy(), covariance.numpy()).logpdf(seen)
            for mean in means
        ]
        expected = torch.from_numpy(np.max(densities, 0) + 32 * np.log(2 * np.pi))
        torch.testing.assert_close(found[task].double(), expected, rtol=1e-3, atol=1e-2)
