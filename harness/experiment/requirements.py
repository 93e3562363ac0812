"""Holding what a method declares against what was observed while it ran."""

from __future__ import annotations

from typing import Any

from avalanche.models import MultiTaskModule

from baselines.interface import HEADS, Baseline, FindsTasks, HasMasks, InfersTask, Relaxation
from harness.evaluation.memory_usage import Kept


def check_declaration(method: Baseline, strategy: Any, held: Kept, head: str) -> None:
    """Compare a strategy, after a task, with its method's declaration.

    What is seen: examples in Avalanche's data sets, and models that are given or infer the task.
    Examples kept in other containers, and models that a method trains beside its own, are not.

    Args:
        method: what was trained.
        strategy: made by it.
        held: what it keeps (`harness.evaluation.memory_usage.kept`).
        head: of the benchmark; heads of its own are no choice of the method's.

    Raises:
        ValueError: the method kept examples or used the task identity without declaring it.
    """
    observed = set()
    if held.examples:
        observed.add(Relaxation.REPLAY)
    has_tasks = isinstance(strategy, InfersTask | HasMasks)
    finds_tasks = isinstance(strategy, FindsTasks)
    if (has_tasks or isinstance(strategy.model, MultiTaskModule)) and not finds_tasks:
        observed.add(Relaxation.TASK_IDENTITY)
    undeclared = observed - method.relaxations - (HEADS if head == "per-task" else set())
    if undeclared:
        names = ", ".join(f"Relaxation.{relaxation.name}" for relaxation in sorted(undeclared))
        raise ValueError(f"{method.name} was seen to need {names}; add it to its `relaxations`")
