"""Which source of a setting's value wins, and what is said of values that cannot be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import pytest

from baselines.context import Context
from baselines.interface import Baseline, setting
from harness.config.budgets import TrainingBudget
from harness.config.resolution import assignments, resolve, resolve_budget
from harness.config.settings import SettingError


@dataclass(frozen=True)
class Example(Baseline):
    name: ClassVar[str] = "example"
    title: ClassVar[str] = "Example"
    reference: ClassVar[str] = "none"

    strength: float = setting(1, "of the penalty")
    units: int = setting(5, "of the layer", minimum=1)
    mode: Literal["separate", "online"] = setting("separate", "of the importances")
    decay: float | None = setting(None, "of the importances")

    def __post_init__(self) -> None:
        if self.mode == "online" and self.decay is None:
            raise ValueError("mode=online needs a decay")

    def build(self, context: Context) -> Any:
        raise NotImplementedError


def test_the_command_line_beats_the_best_known_beats_the_default() -> None:
    resolved = resolve(Example, {"strength": 4, "units": 6}, {"units": "8", "decay": "0.5"})
    assert resolved.values == {"strength": 4.0, "units": 8, "mode": "separate", "decay": 0.5}
    assert resolved.overrides == {"units": 8, "decay": 0.5}


@dataclass(frozen=True)
class Grown(Example):
    """The same method with a setting that came after its first results."""

    added: float = setting(0, "came later", later=True)


def test_a_later_setting_at_its_default_leaves_the_values_as_they_were() -> None:
    before = resolve(Example, {}, {"units": "8"})
    assert resolve(Grown, {}, {"units": "8", "added": "0"}) == before
    assert resolve(Grown, {"added": 2}, {"units": "8", "added": "0.0"}).overrides == {
        "units": 8,
        "added": 0.0,
    }
    changed = resolve(Grown, {}, {"added": "3"})
    assert changed.values == {**resolve(Example, {}, {}).values, "added": 3.0}
    assert changed.overrides == {"added": 3.0}


def test_giving_the_best_known_changes_nothing() -> None:
    assert resolve(Example, {"strength": 4}, {"strength": "4.0"}) == resolve(
        Example, {"strength": 4.0}, {}
    )


def test_an_integer_default_of_a_float_is_a_float() -> None:
    assert type(resolve(Example, {}, {}).values["strength"]) is float


def test_other_overrides_stand_after_those_of_the_method() -> None:
    resolved = resolve(Example, {}, {"units": "8"}).also({"training.epochs": 2})
    assert list(resolved.overrides.items()) == [("units", 8), ("training.epochs", 2)]
    assert resolved.values == resolve(Example, {}, {"units": "8"}).values


@pytest.mark.parametrize(
    ("best", "given", "message"),
    [
        ({}, {"mode": "online"}, r"^example: mode=online needs a decay$"),
        ({}, {"units": "x"}, r"^example\.units must be a whole number"),
        ({"units": 0}, {}, r"^example\.units must be .* at least 1, not '0'"),
        ({"strenght": 1}, {}, r"^tuned: .* did you mean 'strength'"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    best: dict[str, Any], given: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        resolve(Example, best, given)


def test_assignments_by_method_and_setting() -> None:
    texts = ["example.units=3", " example.mode = a.b=c ", "training.epochs=2"]
    assert assignments(texts, {"example": Example}) == {
        "example": {"units": "3", "mode": "a.b=c"},
        "training": {"epochs": "2"},
    }


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["example.strenght=1"], "did you mean 'strength'"),
        (["exmaple.strength=1"], "did you mean 'example'"),
        (["trainig.epochs=1"], "did you mean 'training'"),
        (["training.epoch=1"], "did you mean 'epochs'"),
        (["strength=1"], r"did you mean example\.strength=1\?"),
        (["epochs=3"], r"did you mean training\.epochs=3\?"),
        (["streength=1"], "METHOD.SETTING=VALUE"),
        (["example.strength"], "METHOD.SETTING=VALUE"),
        (["example.units=3", "example.units=4"], "given twice"),
    ],
)
def test_an_unreadable_assignment_is_refused(texts: list[str], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        assignments(texts, {"example": Example})


def test_a_budget_takes_what_is_given_and_names_what_differs() -> None:
    budget = TrainingBudget(epochs=5, batch_size=64)
    given = {"epochs": "7", "batch_size": "64", "first_epochs": "none", "tasks": "3"}
    changed, overrides = resolve_budget(budget, given)
    assert changed == replace(budget, epochs=7, tasks=3)
    assert overrides == {"training.epochs": 7, "training.tasks": 3}
    assert resolve_budget(budget, {}) == (budget, {})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"epochs": "0"}, r"^training\.epochs must be a whole number, at least 1"),
        ({"learning_rate": "0"}, r"^training\.learning_rate is 0.0; it must be above 0"),
        ({"patience": "3"}, r"^training\.patience and decay .* set decay=false"),
    ],
)
def test_an_impossible_budget_is_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        resolve_budget(TrainingBudget(epochs=1), given)
