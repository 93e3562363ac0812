"""What a method declares, against what was seen of its strategy."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, ClassVar, cast

import pytest
from avalanche.models import MTSimpleMLP
from torch import Tensor, nn

from baselines.interface import Requirement
from baselines.naive import Naive
from harness.config.budgets import TrainingBudget
from harness.config.scenarios import given_by
from harness.evaluation.memory_usage import MemoryUsage
from harness.experiment.requirements import UndeclaredRequirementError, check_requirements

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate


class Masked(SimpleNamespace):
    def masks(self) -> dict[str, Tensor]:
        return {}


class Inferring(SimpleNamespace):
    def logits_per_task(self, x: Tensor) -> Tensor:
        return x


class Detecting(Inferring):
    switches = (0,)


PLAIN = SimpleNamespace(model=nn.Identity())
MULTI_HEAD = SimpleNamespace(model=MTSimpleMLP())
REPLAY, TASK_IDENTITY = Requirement.REPLAY, Requirement.TASK_IDENTITY


def undeclared(
    strategy: SimpleNamespace,
    *declared: Requirement,
    examples: int = 0,
    given: frozenset[Requirement] = frozenset(),
) -> str:
    """What a method with such a strategy and such a declaration is told; "" for nothing."""

    class Declaring(Naive):
        requirements: ClassVar[frozenset[Requirement]] = frozenset(declared)

    memory = MemoryUsage(examples=examples)
    try:
        check_requirements(Declaring(), cast("SupervisedTemplate", strategy), memory, given)
    except UndeclaredRequirementError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("strategy", "examples", "needed"),
    [
        (PLAIN, 0, set()),
        (PLAIN, 1, {REPLAY}),
        (MULTI_HEAD, 0, {TASK_IDENTITY}),
        (Masked(model=nn.Identity()), 0, {TASK_IDENTITY}),
        (Inferring(model=nn.Identity()), 0, {TASK_IDENTITY}),
        (Inferring(model=nn.Identity()), 5, {REPLAY, TASK_IDENTITY}),
        (Detecting(model=nn.Identity()), 0, set()),
        (Detecting(model=MTSimpleMLP()), 7, {REPLAY}),
    ],
)
def test_what_is_seen_must_be_declared(
    strategy: SimpleNamespace, examples: int, needed: set[Requirement]
) -> None:
    assert undeclared(strategy, *needed, examples=examples) == ""
    assert undeclared(strategy, *Requirement, examples=examples) == ""
    for requirement in needed:
        declared = needed - {requirement}
        told = undeclared(strategy, *declared, examples=examples)
        assert told == (
            f"naive was seen to need Requirement.{requirement.name}; add it to its `requirements`"
        )


def test_all_that_is_missing_is_named_at_once() -> None:
    told = undeclared(Masked(model=nn.Identity()), examples=3)
    assert "need Requirement.REPLAY, Requirement.TASK_IDENTITY;" in told


def test_what_the_scenario_gives_is_no_choice_of_the_methods() -> None:
    given = given_by("task-il", TrainingBudget(epochs=1, norm="none", outputs="own"))
    assert undeclared(MULTI_HEAD, given=given) == ""
    assert "REPLAY" in undeclared(MULTI_HEAD, given=given, examples=1)
    without = given_by("class-il", TrainingBudget(epochs=1, norm="shared", outputs="own"))
    assert "TASK_IDENTITY" in undeclared(MULTI_HEAD, given=without)
