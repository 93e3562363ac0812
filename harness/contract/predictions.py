"""Laws of what a strategy offers beside training, and of what its predictions need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from avalanche.models import avalanche_forward
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor

from baselines.interface import (
    DetectsTasks,
    HasFingerprints,
    HasMasks,
    InfersTask,
    InfersTaskInOneShot,
)
from harness.contract.law import at_once, broken, law
from harness.contract.subject import small_stream
from harness.evaluation.memory_usage import held_tensors, inference_tensors
from harness.evaluation.routers import routers_of
from rmn.tasks.network import TaskNetwork
from rmn.tasks.routing.ridge import Ridge

if TYPE_CHECKING:
    from harness.contract.subject import Subject

_EXAMPLES = 5


@law("What its strategy offers has the shapes that the interface says.", excuse=at_once)
def abilities_have_their_shapes(subject: Subject) -> str:
    """Logits, inferred tasks, fingerprints and masks."""
    strategy = subject.trained(2)
    if not isinstance(strategy, SupervisedTemplate):
        broken(f"build returns a {type(strategy).__name__}", "return an Avalanche strategy")
    strategy.model.eval()
    x = small_stream().test[0].inputs()[:_EXAMPLES]
    logits = avalanche_forward(strategy.model, x, torch.zeros(_EXAMPLES, dtype=torch.long))
    _expect("the model's logits", logits, (_EXAMPLES, 10))
    if not logits.isfinite().all():
        broken("logits are not finite", "lower the learning rate, or mend the loss")
    learned = len(strategy.switches) if isinstance(strategy, DetectsTasks) else 2
    offered = ["logits"]
    if isinstance(strategy, InfersTask):
        offered.append("logits_per_task")
        per_task = strategy.logits_per_task(x)
        _expect("logits_per_task(x)", per_task, (learned, _EXAMPLES, 10))
    if isinstance(strategy, HasFingerprints):
        offered.append("fingerprint")
        alone = torch.stack([strategy.logits_of_task(x, task) for task in range(learned)])
        if not torch.equal(alone, strategy.logits_per_task(x)):
            broken("logits_of_task differs from logits_per_task", "compute one by the other")
        if len({strategy.fingerprint(task) for task in range(learned)}) != learned:
            broken("two tasks have one fingerprint", "hash all that decides a task's logits")
    if isinstance(strategy, InfersTaskInOneShot):
        offered.append("infer_task_in_one_shot")
        inferred = strategy.infer_task_in_one_shot(x)
        _expect("infer_task_in_one_shot(x)", inferred, (_EXAMPLES,))
        if not set(inferred.tolist()) <= set(range(learned)):
            broken(f"it infers the tasks {inferred.tolist()}", "count learned tasks from 0")
    if isinstance(strategy, HasMasks):
        offered.append("masks")
        for name, mask in strategy.masks().items():
            if mask.dtype != torch.bool or mask.shape[0] != learned:
                broken(
                    f"the mask of {name} is {mask.dtype} of shape {tuple(mask.shape)}",
                    f"return torch.bool of shape ({learned}, *weight shape)",
                )
    return f"offers {', '.join(offered)}"


def _expect(what: str, found: Tensor, shape: tuple[int, ...]) -> None:
    if found.shape != shape:
        broken(f"{what} has the shape {tuple(found.shape)}", f"return {shape}")


@law("Its predictions need the tensors that it says they need, and no other.")
def predictions_need_nothing_else(subject: Subject) -> str:
    """They stay the same when every other tensor is overwritten."""
    strategy = subject.trained(2)
    network = strategy.model
    if isinstance(strategy, DetectsTasks) and isinstance(network, TaskNetwork):
        network.finish_task()  # a live mask is counted as if it were stored
    x = small_stream().test[0].inputs()[:_EXAMPLES]
    before, needed = predictions(strategy, x), inference_tensors(strategy)
    # which classes a task has is one bit each, derived from the sums that a router learns on
    sums = [router.sums for router in routers_of(strategy).values() if isinstance(router, Ridge)]
    spoiled = spoil_all_but([*needed, *sums], strategy)
    for one, other in zip(before, predictions(strategy, x), strict=True):
        if not torch.equal(one, other):
            broken(
                "predictions have changed when what they should not need was overwritten",
                "offer inference_tensors() (baselines.interface.HasInferenceTensors) with all of "
                "them, or keep them in the model as parameters or buffers",
            )
    return f"{len(needed)} tensors; {spoiled} others can be overwritten"


def predictions(strategy: SupervisedTemplate, x: Tensor) -> list[Tensor]:
    """Under each task label, under each learned task, and each router's scores.

    Args:
        strategy: after two tasks.
        x: inputs, (n, ...).
    """
    strategy.model.eval()
    with torch.no_grad():
        found = [
            avalanche_forward(strategy.model, x, torch.full((len(x),), label)) for label in (0, 1)
        ]
        if isinstance(strategy, InfersTask):
            found.append(strategy.logits_per_task(x))
        found += [router.scores(x, strategy.model) for router in routers_of(strategy).values()]
    return found


@torch.no_grad()
def spoil_all_but(needed: list[Tensor], strategy: SupervisedTemplate) -> int:
    """Overwrite every tensor that a strategy holds but some, and what shares their storage.

    Args:
        needed: what is left alone.
        strategy: that holds the others.

    Returns:
        How many were overwritten.
    """
    kept = {tensor.untyped_storage().data_ptr() for tensor in needed}
    spoiled = 0
    for tensor in held_tensors(strategy):
        if tensor.untyped_storage().data_ptr() not in kept:
            tensor.data.fill_(float("nan") if tensor.is_floating_point() else 1)
            spoiled += 1
    return spoiled
