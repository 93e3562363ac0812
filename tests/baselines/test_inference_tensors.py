"""What a method says that its predictions need is enough for them, whatever becomes of the rest."""

from __future__ import annotations

import pytest
import torch
from avalanche.models import avalanche_forward
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor

from baselines.context import Context
from baselines.interface import Baseline, DetectsTasks, InfersTask, Requirement
from baselines.registry import methods
from harness.data.streams import Stream
from harness.evaluation.memory_usage import held_tensors, inference_tensors, memory_usage
from harness.evaluation.routers import routers_of
from rmn.tasks.routing.ridge import Ridge

LEARNS_ON_EXTRA = {
    *("ewc", "si", "mas", "rwalk", "gpm", "dlp", "vcl", "vcl_coreset", "ags_cl"),
    *("generative_replay", "rmn", "hat"),
}
"""Methods that keep tensors for learning alone."""


def storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


@torch.no_grad()
def spoil_all_but(needed: list[Tensor], strategy: SupervisedTemplate) -> None:
    """Overwrite every tensor that a strategy holds but those, and what shares their storage."""
    kept = set(map(storage, needed))
    for tensor in held_tensors(strategy):
        if storage(tensor) not in kept:
            tensor.data.fill_(float("nan") if tensor.is_floating_point() else 1)


def predictions(strategy: SupervisedTemplate, x: Tensor) -> list[Tensor]:
    """Under each task label, under each learned task, and each router's scores."""
    strategy.model.eval()
    with torch.no_grad():
        found = [
            avalanche_forward(strategy.model, x, torch.full((len(x),), label)) for label in (0, 1)
        ]
        if isinstance(strategy, InfersTask):
            found.append(strategy.logits_per_task(x))
        found += [router.scores(x, strategy.model) for router in routers_of(strategy).values()]
    return found


@pytest.mark.parametrize("method", methods().values(), ids=methods())
def test_predictions_need_nothing_else(
    method: type[Baseline], context: Context, stream: Stream
) -> None:
    strategy = method().build(context)
    experiences = stream.experiences[:2]
    at_once = Requirement.ALL_TASKS_AT_ONCE in method.requirements
    for part in [experiences] if at_once else experiences:
        strategy.train(part, reset_optimizer_state=True)
    network = strategy.model
    if isinstance(strategy, DetectsTasks):
        network.finish_task()  # a live mask is counted as if it were stored
    x = stream.test[0].inputs()[:5]
    before, needed = predictions(strategy, x), inference_tensors(strategy)
    if method.name in LEARNS_ON_EXTRA:
        assert memory_usage(strategy).training_bytes > 10_000
    # which classes a task has is one bit each, derived from the sums that a router learns on
    sums = [router.sums for router in routers_of(strategy).values() if isinstance(router, Ridge)]
    spoil_all_but([*needed, *sums], strategy)
    for one, other in zip(before, predictions(strategy, x), strict=True):
        assert torch.equal(one, other)
