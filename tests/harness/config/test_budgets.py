"""Training budgets: which values are possible, which decide a run's identity, and the profiles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config.budgets import DIGITS, DRAWINGS, PHOTOS, PROFILES, TrainingBudget

BUDGETS = st.builds(
    TrainingBudget,
    epochs=st.integers(1, 9),
    batch_size=st.integers(2, 9),
    decay=st.just(value=False),
    train_examples=st.none() | st.integers(2, 9),
    patience=st.none() | st.integers(1, 9),
    class_order=st.none() | st.integers(0, 9) | st.just("seed"),
    affine=st.booleans(),
    first_epochs=st.none() | st.integers(1, 9),
    precision=st.sampled_from(["float32", "bfloat16"]),
    accuracy_matrix=st.sampled_from(["seen", "whole", "diagonal"]),
    norm=st.sampled_from(["auto", "per-task", "shared", "none", "group"]),
    learning_curve=st.booleans(),
    outputs=st.sampled_from(["auto", "own", "heads", "shared"]),
)


def test_fields_at_their_defaults_that_came_later_are_no_part_of_the_identity() -> None:
    plain, affine = TrainingBudget(epochs=2), TrainingBudget(epochs=2, affine=True)
    assert plain.identity() == {
        "epochs": 2,
        "batch_size": 128,
        "learning_rate": 0.002,
        "decay": True,
        "train_examples": None,
        "test_examples": None,
        "tasks": None,
        "validation": False,
        "norm": "auto",
        "outputs": "auto",
    }
    assert affine.identity() == {**plain.identity(), "affine": True}


@given(BUDGETS)
def test_a_budget_is_made_again_from_its_identity(budget: TrainingBudget) -> None:
    assert TrainingBudget(**budget.identity()) == budget


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 0},
        {"batch_size": 1},
        {"train_examples": 1},
        {"test_examples": 0},
        {"tasks": 0},
        {"patience": 0},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
        {"first_epochs": 0},
        {"precision": "float16"},
        {"accuracy_matrix": "all"},
        {"norm": "batch"},
        {"outputs": "own-head"},
        {"threads": 0},
        {"threads": 1025},
    ],
    ids=lambda change: next(iter(change)),
)
def test_impossible_values_are_named(change: dict[str, Any]) -> None:
    [(name, value)] = change.items()
    with pytest.raises(ValueError, match=f"^{name} is {value!r}"):
        replace(TrainingBudget(epochs=1, decay=False), **change)


def test_a_budget_has_one_schedule() -> None:
    with pytest.raises(ValueError, match="decay=false"):
        TrainingBudget(epochs=1, patience=5)


def test_the_first_task_may_have_epochs_of_its_own() -> None:
    budget = TrainingBudget(epochs=2, first_epochs=3)
    assert [budget.epochs_of(task) for task in (1, 2, 3)] == [3, 2, 2]
    assert [TrainingBudget(epochs=2).epochs_of(task) for task in (1, 2)] == [2, 2]


@pytest.mark.parametrize("budgets", [DIGITS, PHOTOS, DRAWINGS])
def test_profiles_differ_in_what_their_names_say(budgets: dict[str, TrainingBudget]) -> None:
    assert budgets.keys() == PROFILES.keys()
    default = budgets["default"]
    assert budgets["constant"] == replace(default, decay=False)
    assert budgets["tuning"] == replace(default, validation=True, accuracy_matrix="diagonal")
    long = budgets["long"]
    same = replace(long, epochs=default.epochs, learning_curve=False)
    assert (same, long.learning_curve) == (default, True)
    assert 20 <= long.epochs <= 40
    assert not any(budgets[name].validation for name in ("smoke", "default", "constant", "paper"))


def test_the_paper_profiles_are_those_of_its_supplement() -> None:
    papers = [budgets["paper"] for budgets in (DIGITS, PHOTOS, DRAWINGS)]
    assert [(one.epochs_of(1), one.epochs_of(2)) for one in papers] == [
        (250, 250),
        (100, 100),
        (150, 200),
    ]
    assert [one.batch_size for one in papers] == [128, 256, 16]
    assert [one.learning_rate for one in papers] == [0.002, 0.001, 0.0002]
    assert [one.patience for one in papers] == [None, 5, None]
