"""What every router keeps: its size, its state, and one row per task."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from rmn.tasks.routing import ROUTERS, ClassRouter, OutputsPerTask, Router
from rmn.tasks.routing.router import append_row

Tasks = list[tuple[Tensor, Tensor]]
Fit = Callable[[Router, Tasks], None]

every_router = pytest.mark.parametrize("kind", ROUTERS.values(), ids=ROUTERS)


@every_router
def test_bytes_are_those_of_everything_stored(
    kind: type[Router], make_tasks: Callable[..., Tasks], fit: Fit
) -> None:
    router = kind(6)
    fit(router, make_tasks(40, 60, 50))
    assert not [value for value in vars(router).values() if isinstance(value, Tensor)]
    sizes = [buffer.numel() * buffer.element_size() for buffer in router.buffers()]
    assert router.bytes == sum(sizes) > 0


@every_router
def test_a_saved_router_scores_the_same_and_learns_on(
    kind: type[Router],
    make_tasks: Callable[..., Tasks],
    fit: Fit,
    scaled: Callable[[int], OutputsPerTask],
) -> None:
    tasks = make_tasks(40, 60, 50)
    router, loaded = kind(6), kind(6)
    fit(router, tasks[:2])
    loaded.load_state_dict(router.state_dict())
    x = tasks[0][0]
    assert torch.equal(loaded.scores(x, scaled(2)), router.scores(x, scaled(2)))
    for one in (router, loaded):
        one.begin_task()
        one.partial_fit(*tasks[2], scaled(3))
        one.finish_task()
    assert torch.equal(loaded.scores(x, scaled(3)), router.scores(x, scaled(3)))


class Table(ClassRouter):
    """Scores given by hand, (tasks, n, outputs)."""

    def __init__(self, table: Tensor) -> None:
        super().__init__(table.shape[-1])
        self.table = table

    def begin_task(self) -> None: ...

    def partial_fit(self, x: Tensor, y: Tensor, network: OutputsPerTask) -> None: ...

    def finish_task(self) -> None: ...

    def class_scores(self, x: Tensor) -> Tensor:
        return self.table


def test_a_class_router_predicts_the_best_class_of_the_best_task() -> None:
    router = Table(torch.tensor([[[1.0, 5.0], [0.0, 1.0]], [[4.0, 2.0], [3.0, 2.0]]]))
    network: Any = None
    assert router.scores(torch.empty(2, 1), network).tolist() == [[5.0, 1.0], [4.0, 3.0]]
    assert router.predict(torch.empty(2, 1)).tolist() == [[0, 1], [1, 0]]


def test_rows_are_appended() -> None:
    rows = append_row(torch.empty(0), torch.tensor([1.0, 2.0]))
    assert append_row(rows, torch.tensor([3.0, 4.0])).tolist() == [[1.0, 2.0], [3.0, 4.0]]
