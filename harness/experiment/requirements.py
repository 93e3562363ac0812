"""Checking what a method declares against what was observed while it ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avalanche.models import MultiTaskModule

from baselines.interface import Baseline, DetectsTasks, HasMasks, InfersTask, Requirement
from harness.evaluation.memory_usage import MemoryUsage

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate


class UndeclaredRequirementError(ValueError):
    """A method needs something that it does not declare."""


def check_requirements(
    method: Baseline,
    strategy: SupervisedTemplate,
    memory: MemoryUsage,
    given: frozenset[Requirement],
) -> None:
    """Compare a strategy, after a task, with its method's declaration.

    Observed are examples in Avalanche's data sets, and models that are given or infer the task.
    Examples kept in other containers, and models that a method trains beside its own, are not.

    Args:
        method: what was trained.
        strategy: made by it.
        memory: what it keeps (`harness.evaluation.memory_usage`).
        given: what the comparison gives every method (`given_by`), which is no choice of its own.

    Raises:
        UndeclaredRequirementError: the method kept examples or used the task identity without
            declaring it.
    """
    observed = set()
    if memory.examples:
        observed.add(Requirement.REPLAY)
    has_tasks = isinstance(strategy, InfersTask | HasMasks)
    detects_tasks = isinstance(strategy, DetectsTasks)
    if (has_tasks or isinstance(strategy.model, MultiTaskModule)) and not detects_tasks:
        observed.add(Requirement.TASK_IDENTITY)
    undeclared = observed - method.requirements - given
    if undeclared:
        names = ", ".join(f"Requirement.{requirement.name}" for requirement in sorted(undeclared))
        raise UndeclaredRequirementError(
            f"{method.name} was seen to need {names}; add it to its `requirements`"
        )
