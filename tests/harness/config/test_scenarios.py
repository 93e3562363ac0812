"""What each scenario decides, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.interface import Requirement
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import AUTO, TrainingBudget
from harness.config.scenarios import (
    SCENARIOS,
    allowed_scenarios,
    given_by,
    scenarios_of,
    under_scenario,
)
from harness.config.settings import SettingError

BUDGET = TrainingBudget(epochs=1)


def asked_for(**values: Any) -> TrainingBudget:
    return replace(BUDGET, **values)


RULED = sorted(name for name, method in methods().items() if method.rule)
CHOICES = st.tuples(
    st.sampled_from(sorted(BENCHMARKS)),
    st.sampled_from(sorted(methods())),
    st.sampled_from(["auto", "per-task", "shared", "none", "group"]),
    st.sampled_from(["auto", "own", "heads", "shared"]),
)


@pytest.mark.parametrize(
    ("name", "usual", "allowed"),
    [
        ("split_mnist", ("task-il", "class-il"), ("task-il", "domain-il", "class-il")),
        ("split_omniglot", ("task-il", "class-il"), ("task-il", "domain-il", "class-il")),
        ("permuted_mnist", ("task-il", "domain-il"), ("task-il", "domain-il")),
        ("split_mnist_fuzzy", ("class-il",), ("class-il",)),
        ("permuted_mnist_unsupervised", ("domain-il",), ("domain-il",)),
    ],
)
def test_scenarios_follow_from_the_classes_and_the_labels(
    name: str, usual: tuple[str, ...], allowed: tuple[str, ...]
) -> None:
    assert scenarios_of(BENCHMARKS[name]) == usual
    assert allowed_scenarios(BENCHMARKS[name]) == allowed


@pytest.mark.parametrize(
    ("benchmark", "scenario", "method", "norm", "outputs"),
    [
        ("split_mnist", "task-il", "ewc", "per-task", "own"),
        ("split_mnist", "task-il", "rmn", "per-task", "own"),
        ("split_mnist", "class-il", "ewc", "shared", "own"),
        ("split_mnist", "class-il", "hat", "per-task", "own"),  # of the task that it infers
        ("split_mnist", "domain-il", "ewc", "shared", "shared"),
        ("permuted_mnist", "task-il", "ewc", "per-task", "shared"),
        ("permuted_mnist", "domain-il", "joint", "shared", "shared"),
        ("permuted_mnist", "domain-il", "single", "per-task", "shared"),
        ("split_mnist_fuzzy", "class-il", "rmn_unsupervised", "per-task", "own"),
        ("split_mnist_fuzzy", "class-il", "naive", "shared", "own"),
    ],
)
def test_what_is_not_asked_for_is_decided(
    benchmark: str, scenario: str, method: str, norm: str, outputs: str
) -> None:
    decided = under_scenario(BENCHMARKS[benchmark], scenario, methods()[method], BUDGET)
    assert (decided.norm, decided.outputs) == (norm, outputs)


@given(CHOICES, st.sampled_from(sorted(SCENARIOS)))
def test_what_is_asked_for_is_kept_or_refused_by_name(
    choice: tuple[str, str, str, str], scenario: str
) -> None:
    """Nothing is changed in silence, and nothing is left to be decided later."""
    benchmark, method, norm, outputs = choice
    if scenario not in allowed_scenarios(BENCHMARKS[benchmark]):
        return
    asked = asked_for(norm=norm, outputs=outputs)
    try:
        decided = under_scenario(BENCHMARKS[benchmark], scenario, methods()[method], asked)
    except SettingError as error:
        said = str(error)
    else:
        said = ""
    if said:
        assert said.startswith((f"training.norm={norm} ", f"training.outputs={outputs} "))
        assert "; choose " in said
        assert (norm, outputs) != (AUTO, AUTO)
        return
    assert AUTO not in (decided.norm, decided.outputs)
    assert norm in (AUTO, decided.norm)
    assert outputs in (AUTO, decided.outputs)
    assert under_scenario(BENCHMARKS[benchmark], scenario, methods()[method], decided) == decided
    assert replace(decided, norm="auto", outputs="auto") == replace(
        asked, norm="auto", outputs="auto"
    )


@pytest.mark.parametrize(
    ("benchmark", "scenario", "method", "asked", "message"),
    [
        (
            "split_mnist",
            "class-il",
            "ewc",
            {"norm": "per-task"},
            r"training\.norm=per-task needs the task identity, which class-il does not give at "
            "test, and ewc infers none; choose shared, none or group",
        ),
        ("permuted_mnist", "domain-il", "joint", {"norm": "per-task"}, "domain-il does not give"),
        (
            "split_mnist",
            "class-il",
            "rmn",
            {"outputs": "heads"},
            r"training\.outputs=heads does not go with split_mnist in class-il; choose own$",
        ),
        ("split_mnist", "class-il", "ewc", {"outputs": "shared"}, "choose own$"),
        ("split_mnist", "domain-il", "ewc", {"outputs": "own"}, "choose shared$"),
        ("permuted_mnist", "task-il", "ewc", {"outputs": "own"}, "choose shared or heads$"),
        (
            "split_cifar100_20",
            "task-il",
            "ewc",
            {"norm": "none"},
            r"training\.norm=none does not go with split_cifar100_20: its resnet18 cannot be "
            "trained without normalisation; choose shared or group",
        ),
        ("split_cifar100_20_small_stem", "task-il", "rmn", {"norm": "none"}, "resnet18_small_stem"),
        (
            "permuted_mnist",
            "class-il",
            "ewc",
            {},
            "permuted_mnist cannot be compared in class-il; choose task-il or domain-il$",
        ),
        ("split_mnist_fuzzy", "task-il", "rmn_unsupervised", {}, "choose class-il$"),
        (
            "split_mnist",
            "task-il",
            "rmn",
            {"optimizer": "sgd"},
            r"rmn learns by Adam, as published, and not by training\.optimizer=sgd; leave one of",
        ),
        ("split_cifar100", "task-il", "generative_replay", {}, "is not defined for the cifar_cnn"),
    ],
)
def test_what_does_not_go_together_is_refused(
    benchmark: str, scenario: str, method: str, asked: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        under_scenario(BENCHMARKS[benchmark], scenario, methods()[method], asked_for(**asked))


@pytest.mark.parametrize("name", RULED)
def test_a_method_that_infers_the_task_may_have_a_norm_for_each(name: str) -> None:
    asked = asked_for(norm="per-task")
    decided = under_scenario(BENCHMARKS["split_mnist"], "class-il", methods()[name], asked)
    assert decided.norm == "per-task"


def test_what_a_comparison_gives_to_all_by_hand() -> None:
    identity, head, norm = (
        Requirement.TASK_IDENTITY,
        Requirement.HEAD_PER_TASK,
        Requirement.NORM_PER_TASK,
    )
    budgets = {
        "plain": asked_for(norm="none", outputs="own"),
        "normed": asked_for(norm="per-task", outputs="own"),
        "headed": asked_for(norm="shared", outputs="heads"),
    }
    assert given_by("task-il", budgets["plain"]) == {identity}
    assert given_by("task-il", budgets["normed"]) == {identity, norm}
    assert given_by("task-il", budgets["headed"]) == {identity, head}
    assert given_by("class-il", budgets["plain"]) == set()
    assert given_by("class-il", budgets["normed"]) == {identity, norm}
