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
    routers = []
    for order in permutations(range(3)):
        router = make()
        fit(router, [tasks[task] for task in order])
        routers.append((order, router))
    features = router.expand(x).double()
    gram = features.T @ features
    gram += router.penalty * gram.diagonal().mean() * torch.eye(len(gram))
    expected = features @ torch.linalg.solve(gram, features.T @ torch.eye(6).double()[y])
    for order, router in routers:
        best = torch.stack([expected[:, torch.unique(tasks[task][1])].amax(1) for task in order])
        found = router.scores(x, scaled(3))
        torch.testing.assert_close(found.double(), best, rtol=1e-2, atol=1e-2)
        task, classified = router.predict(x)
        assert torch.equal(task, found.argmax(0))
        clear = expected.topk(2).values.diff().abs().flatten() > 0.05
        assert clear.any()
        assert torch.equal(classified[clear], expected.argmax(1)[clear])


def test_classes_of_a_task_may_come_in_any_batch_and_again_in_another_task(
    scaled: Callable[[int], OutputsPerTask],
) -> None:
    torch.manual_seed(0)
    x, y = torch.rand(90, 1, 4, 4), torch.arange(90) // 15  # sorted: classes come one by one
    whole, parts = unit_ridge(), unit_ridge()
    for router, size in ((whole, 90), (parts, 20)):
        for turned in (x, x.flip(2)):
            router.begin_task()
            for one, classes in zip(torch.split(turned, size), torch.split(y, size), strict=True):
                router.partial_fit(one, classes, scaled(1))
            router.finish_task()
    assert parts.columns.tolist() == [[0] * 6 + [1] * 6, [*range(6), *range(6)]]
    assert torch.equal(parts.columns, whole.columns)
    torch.testing.assert_close(parts.sums, whole.sums)
    torch.testing.assert_close(parts.gram, whole.gram)


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
