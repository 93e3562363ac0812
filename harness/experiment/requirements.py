"""Checking what a method declares against what was observed while it ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avalanche.models import MultiTaskModule

from baselines.interface import Baseline, DetectsTasks, HasMasks, InfersTask, Requirement
from harness.evaluation.conditions import held_parts
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

    Observed are examples in Avalanche's data sets, models that are given or infer the task, output
    layers of tasks' own, examples in what a method keeps them in (`KeepsExamples`), and networks
    beside the one that answers. Networks held for less than a task are not.

    Args:
        method: what was trained.
        strategy: made by it.
        memory: what it keeps (`harness.evaluation.memory_usage`).
        given: what the comparison gives every method (`given_by`), which is no choice of its own.

    Raises:
        UndeclaredRequirementError: the method was seen to do what it does not declare.
    """
    observed = set()
    if memory.examples:
        observed.add(Requirement.REPLAY)
    has_tasks = isinstance(strategy, InfersTask | HasMasks)
    detects_tasks = isinstance(strategy, DetectsTasks)
    held = held_parts(strategy)
    if held.output_layers > 1:
        observed.add(Requirement.HEAD_PER_TASK)
    if held.other_networks:
        observed.add(Requirement.SEVERAL_MODELS)
    if held.generators:
        observed.add(Requirement.GENERATIVE_REPLAY)
    if (has_tasks or isinstance(strategy.model, MultiTaskModule)) and not detects_tasks:
        observed.add(Requirement.TASK_IDENTITY)
    undeclared = observed - method.requirements - given
    if undeclared:
        names = ", ".join(f"Requirement.{requirement.name}" for requirement in sorted(undeclared))
        raise UndeclaredRequirementError(
            f"{method.name} was seen to need {names}; add it to its `requirements`"
        )
