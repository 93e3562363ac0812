"""What every router keeps: its size, its state, and one row per task."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from rmn.tasks.routing import ROUTERS, OutputsPerTask, Router
from rmn.tasks.routing.router import append_rows

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


@every_router
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_inputs_and_features_of_other_types_are_routed_as_those_of_single_precision(
    kind: type[Router],
    dtype: torch.dtype,
    make_tasks: Callable[..., Tasks],
    fit: Fit,
    scaled: Callable[[int], OutputsPerTask],
) -> None:
    tasks = [(x.to(dtype), y) for x, y in make_tasks(40, 60, 50)]
    router, single = kind(6), kind(6)
    fit(router, tasks)
    fit(single, [(x.float(), y) for x, y in tasks])
    for x, _ in tasks:
        router.check_inputs(x)
        found = router.scores(x, scaled(3)).float()
        expected = single.scores(x.float(), scaled(3))
        assert ((found - expected).abs() <= 0.05 * expected.abs().amax()).all()


@every_router
def test_classes_that_no_task_has_take_no_bytes(
    kind: type[Router], make_tasks: Callable[..., Tasks], fit: Fit
) -> None:
    router, wide = kind(6), kind(600)
    for one in (router, wide):
        fit(one, make_tasks(40, 60, 50))
    assert wide.bytes == router.bytes


def test_rows_are_appended() -> None:
    rows = append_rows(torch.empty(0), torch.tensor([[1.0, 2.0]]))
    assert append_rows(rows, torch.tensor([[3.0, 4.0]])).tolist() == [[1.0, 2.0], [3.0, 4.0]]
