"""Task routers against scipy, a direct solution and hand-worked scores."""

from itertools import permutations
from typing import get_args, get_type_hints

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from baselines.components.part_per_task import NetworkPerTask
from baselines.components.routed import Routed
from baselines.components.single_task_training import SingleTaskTraining
from harness.storage.schema import RULES
from harness.training.networks import mlp
from rmn import RMN, convert
from rmn.tasks.inference import RULES as NETWORK_RULES
from rmn.tasks.routing import (
    ROUTERS,
    CalibratedLogit,
    FeatureGaussian,
    FilterRidge,
    PixelGaussian,
    RoutingPlugin,
    UnitRidge,
)


class Echo:
    """A network whose features and logits under task t are the inputs times t + 1."""

    def __init__(self, tasks):
        self.tasks = tasks

    def logits_per_task(self, x):
        return torch.stack([x.flatten(1) * (task + 1) for task in range(self.tasks)])

    features_per_task = logits_per_task


def tasks(sizes=(40, 60, 50)):
    generator = torch.Generator().manual_seed(0)
    for task, size in enumerate(sizes):
        y = torch.arange(size) % 2 + 2 * task
        x = torch.rand(size, 1, 8, 8, generator=generator) * 0.5 + 0.1 * task
        x[y % 2 == 0, :, :4] += 0.3
        yield x, y


def fitted(router, data):
    for number, (x, y) in enumerate(data):
        router.begin_task()
        for start in range(0, len(x), 16):
            router.learn(x[start : start + 16], y[start : start + 16], Echo(number + 1))
        router.finish_task()
    return router


def test_every_router_is_a_setting_and_explains_its_cost():
    assert set(get_args(get_type_hints(Routed)["router"])) == set(ROUTERS)
    assert set(RULES) == set(ROUTERS) | set(NETWORK_RULES)


def test_pixel_gaussian_gives_log_densities():
    data = list(tasks())
    router = fitted(PixelGaussian(6), data)
    x = data[1][0][:7]
    found = router.scores(x, Echo(3))
    for task, (inputs, _) in enumerate(data):
        values = inputs.flatten(1).double()
        deviation = (values.var(0, correction=0) + router.smoothing).sqrt()
        density = stats.norm(values.mean(0), deviation).logpdf(x.flatten(1)).sum(1)
        expected = torch.from_numpy(density + 32 * np.log(2 * np.pi))
        torch.testing.assert_close(found[task].double(), expected, rtol=1e-3, atol=1e-2)


def test_feature_gaussian_gives_the_nearest_class_density():
    data = list(tasks((300, 300)))
    router = fitted(FeatureGaussian(4), data)
    x = data[0][0][:5]
    found = router.scores(x, Echo(2))
    for task, (inputs, y) in enumerate(data):
        features = inputs.flatten(1).double() * (task + 1)
        centred = torch.cat([features[y == k] - features[y == k].mean(0) for k in y.unique()])
        covariance = centred.T @ centred / len(centred)
        covariance += router.smoothing * covariance.diagonal().mean() * torch.eye(64)
        densities = [
            stats.multivariate_normal(features[y == k].mean(0), covariance).logpdf(
                x.flatten(1) * (task + 1)
            )
            for k in y.unique()
        ]
        expected = torch.from_numpy(np.max(densities, 0) + 32 * np.log(2 * np.pi))
        torch.testing.assert_close(found[task].double(), expected, rtol=1e-3, atol=1e-2)


def test_calibrated_logits_are_standard_scores():
    data = list(tasks())
    router = fitted(CalibratedLogit(6), data)
    largest = data[1][0].flatten(1).amax(1) * 2
    found = router.scores(data[1][0], Echo(3))[1]
    torch.testing.assert_close(found, (largest - largest.mean()) / largest.std())


@pytest.mark.parametrize("kind", [UnitRidge, FilterRidge])
def test_ridge_is_the_direct_solution_whatever_the_order_of_tasks(kind):
    settings = {"units": 50} if kind is UnitRidge else {"filters": 5, "size": 3, "pooled": 2}
    data = list(tasks())
    x, y = (torch.cat(part) for part in zip(*data, strict=True))
    answers = []
    for order in permutations(range(3)):
        router = fitted(kind(6, **settings), [data[task] for task in order])
        answers.append(router.class_scores(x).amax(0))
    features = router.expand(x).double()
    gram = features.T @ features
    gram += router.penalty * gram.diagonal().mean() * torch.eye(len(gram))
    expected = features @ torch.linalg.solve(gram, features.T @ torch.eye(6).double()[y])
    for found in answers:
        torch.testing.assert_close(found.double(), expected, rtol=1e-2, atol=1e-2)
    named, best = router.answers(x)
    assert torch.equal(best, answers[-1].argmax(1))
    assert torch.equal(named, router.scores(x, Echo(3)).argmax(0))


@pytest.mark.parametrize("kind", ROUTERS.values(), ids=ROUTERS)
def test_bytes_are_those_of_everything_kept(kind):
    router = fitted(kind(6), list(tasks()))
    held = [value for value in vars(router).values() if isinstance(value, torch.Tensor)]
    assert not held
    assert router.bytes == sum(b.numel() * b.element_size() for b in router.buffers()) > 0


@pytest.mark.parametrize("kind", ROUTERS.values(), ids=ROUTERS)
def test_a_saved_router_scores_the_same_and_learns_on(kind):
    data = list(tasks())
    router, loaded = fitted(kind(6), data[:2]), kind(6)
    loaded.load_state_dict(router.state_dict())
    x = data[0][0]
    assert torch.equal(loaded.scores(x, Echo(2)), router.scores(x, Echo(2)))
    for one in (router, loaded):
        one.begin_task()
        one.learn(*data[2], Echo(3))
        one.finish_task()
    assert torch.equal(loaded.scores(x, Echo(3)), router.scores(x, Echo(3)))


def rmn(**arguments):
    torch.manual_seed(0)
    model = convert(mlp(10))
    return RMN(model=model, optimizer=torch.optim.Adam(model.parameters(), lr=2e-3), **arguments)


def single(**arguments):
    model = NetworkPerTask(lambda: mlp(10))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    return SingleTaskTraining(
        model=model, optimizer=optimizer, criterion=nn.CrossEntropyLoss(), **arguments
    )


@pytest.mark.parametrize("strategy", [rmn, single])
def test_routers_name_real_tasks_in_an_avalanche_strategy(strategy, stream):
    routers = {name: kind(10) for name, kind in ROUTERS.items()}
    plugin = RoutingPlugin(routers)
    learner = strategy(plugins=[plugin], train_mb_size=64, train_epochs=2)
    for experience in stream.experiences[:3]:
        learner.train(experience)
    learner.model.eval()
    right = {}
    with torch.no_grad():
        for name, router in routers.items():
            named = [
                router.scores(test.inputs(), learner.model).argmax(0) for test in stream.test[:3]
            ]
            right[name] = torch.cat([n == task for task, n in enumerate(named)]).float().mean()
    chance = 1 / 3
    assert right["ridge-filters"] > 0.9
    assert right["ridge-units"] > 0.9
    assert right["pixel-gaussian"] > 2 * chance
    assert all(share > chance for share in right.values())
    assert all(seconds > 0 for seconds in plugin.seconds.values())
