"""Ridge routers against a direct solution."""

from collections.abc import Callable
from itertools import permutations

import pytest
import torch
from torch import Tensor

from rmn.tasks.routing import FilterRidge, OutputsPerTask, Router, UnitRidge
from rmn.tasks.routing.ridge import Ridge

Tasks = list[tuple[Tensor, Tensor]]


def unit_ridge() -> UnitRidge:
    return UnitRidge(6, units=50)


def filter_ridge() -> FilterRidge:
    return FilterRidge(6, filters=5, size=3, pooled=2)


@pytest.mark.parametrize("make", [unit_ridge, filter_ridge])
def test_ridge_is_the_direct_solution_whatever_the_order_of_tasks(
    make: Callable[[], Ridge],
    make_tasks: Callable[..., Tasks],
    fit: Callable[[Router, Tasks], None],
    scaled: Callable[[int], OutputsPerTask],
) -> None:
    tasks = make_tasks(40, 60, 50)
    x, y = torch.cat([x for x, _ in tasks]), torch.cat([y for _, y in tasks])
    scores = []
    for order in permutations(range(3)):
        router = make()
        fit(router, [tasks[task] for task in order])
        scores.append(router.class_scores(x).amax(0))
    features = router.expand(x).double()
    gram = features.T @ features
    gram += router.penalty * gram.diagonal().mean() * torch.eye(len(gram))
    expected = features @ torch.linalg.solve(gram, features.T @ torch.eye(6).double()[y])
    for found in scores:
        torch.testing.assert_close(found.double(), expected, rtol=1e-2, atol=1e-2)
    task, best = router.predict(x)
    assert torch.equal(best, scores[-1].argmax(1))
    assert torch.equal(task, router.scores(x, scaled(3)).argmax(0))


def test_filters_are_the_same_in_parts() -> None:
    router = filter_ridge()
    x = torch.rand(70, 1, 8, 8)
    router.draw(x)
    whole = router.expand(x)
    torch.testing.assert_close(
        whole, torch.cat([router.expand(part) for part in torch.split(x, 9)])
    )
    assert whole.shape == (70, 2 * 5 * 2 * 2)
    assert (whole >= 0).all()
    torch.testing.assert_close(router.weight.mean((1, 2, 3)), torch.zeros(5))
    torch.testing.assert_close(router.weight.square().sum((1, 2, 3)), torch.ones(5))
