"""Toy tasks, and a network that scales its inputs, to fit routers to."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from rmn.tasks.routing import Router

Tasks = list[tuple[Tensor, Tensor]]


class Scaled:
    """A network whose features and logits under task t are the inputs times t + 1."""

    def __init__(self, tasks: int) -> None:
        self.tasks = tasks

    def logits_per_task(self, x: Tensor) -> Tensor:
        return torch.stack([x.flatten(1) * (task + 1) for task in range(self.tasks)])

    def features_per_task(self, x: Tensor) -> Tensor:
        return self.logits_per_task(x)


@pytest.fixture
def scaled() -> Callable[[int], Scaled]:
    """Makes a network that has learned so many tasks."""
    return Scaled


@pytest.fixture
def make_tasks() -> Callable[..., Tasks]:
    """Makes inputs (n, 1, 8, 8) and classes (n,) of tasks of two classes, of the given sizes."""

    def make(*sizes: int) -> Tasks:
        generator = torch.Generator().manual_seed(0)
        tasks = []
        for task, size in enumerate(sizes):
            y = torch.arange(size) % 2 + 2 * task
            x = torch.rand(size, 1, 8, 8, generator=generator) * 0.5 + 0.1 * task
            x[y % 2 == 0, :, :4] += 0.3
            tasks.append((x, y))
        return tasks

    return make


@pytest.fixture
def fit() -> Callable[[Router, Tasks], None]:
    """Fits a router to tasks, 16 examples at a time."""

    def fit(router: Router, tasks: Tasks) -> None:
        for number, (x, y) in enumerate(tasks):
            router.begin_task()
            for xs, ys in zip(torch.split(x, 16), torch.split(y, 16), strict=True):
                router.partial_fit(xs, ys, Scaled(number + 1))
            router.finish_task()

    return fit
