"""Calibrated logits are standard scores."""

from collections.abc import Callable

import torch
from torch import Tensor

from rmn.tasks.routing import CalibratedLogit, OutputsPerTask, Router

Tasks = list[tuple[Tensor, Tensor]]


def test_they_are_standard_scores_of_the_largest_logit(
    make_tasks: Callable[..., Tasks],
    fit: Callable[[Router, Tasks], None],
    scaled: Callable[[int], OutputsPerTask],
) -> None:
    tasks = make_tasks(40, 60, 50)
    router = CalibratedLogit(6)
    fit(router, tasks)
    x, _ = tasks[1]
    largest = x.flatten(1).amax(1) * 2
    expected = (largest - largest.mean()) / largest.std()
    torch.testing.assert_close(router.scores(x, scaled(3))[1], expected)
