"""Settings: the types and limits of fields, and what text means for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.context import Context
from baselines.interface import Baseline, setting
from baselines.registry import methods
from harness.config.budgets import TrainingBudget
from harness.config.resolution import resolve
from harness.config.settings import SettingError, declared


@dataclass(frozen=True)
class Example(Baseline):
    name: ClassVar[str] = "example"
    title: ClassVar[str] = "Example"
    reference: ClassVar[str] = "none"

    strength: float = setting(1, "of the penalty", minimum=0, maximum=10)
    units: int = setting(5, "of the layer", minimum=1)
    mode: Literal["separate", "online"] = setting("separate", "of the importances")
    decay: float | None = setting(None, "of the importances")
    sparse: bool = setting(False, "whether")
    note: str | None = setting(None, "free text")

    def build(self, context: Context) -> Any:
        raise NotImplementedError


KNOWN = declared(Example)


def test_settings_are_the_fields_in_their_order() -> None:
    assert list(KNOWN) == ["strength", "units", "mode", "decay", "sparse", "note"]
    strength = KNOWN["strength"]
    assert (strength.minimum, strength.maximum, strength.default) == (0, 10, 1)
    assert strength.help == "of the penalty"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("strength", "2", 2.0),
        ("strength", "1e-3", 0.001),
        ("strength", "0", 0.0),
        ("strength", "10", 10.0),
        ("units", "7", 7),
        ("mode", "online", "online"),
        ("decay", "none", None),
        ("decay", "None", None),
        ("decay", "0.5", 0.5),
        ("sparse", "true", True),
        ("sparse", "False", False),
        ("note", "none", None),
        ("note", "a=b", "a=b"),
    ],
)
def test_text_becomes_a_value_of_the_declared_type(name: str, text: str, value: Any) -> None:
    parsed = KNOWN[name].parse(text)
    assert parsed == value
    assert type(parsed) is type(value)


@given(st.floats(0, 10))
def test_a_number_within_its_limits_is_read_as_it_was_printed(value: float) -> None:
    assert KNOWN["strength"].parse(str(value)) == value


@given(st.floats().filter(lambda value: not 0 <= value <= 10))
def test_a_number_beyond_its_limits_is_refused(value: float) -> None:
    with pytest.raises(SettingError):
        KNOWN["strength"].parse(str(value))


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("strength", "much", "a number, at least 0 and at most 10"),
        ("strength", "-0.1", "at least 0"),
        ("strength", "10.1", "at most 10"),
        ("strength", "nan", "a number"),
        ("strength", "inf", "a number"),
        ("units", "2.5", "a whole number, at least 1"),
        ("units", "0", "at least 1"),
        ("mode", "offline", "separate or online"),
        ("decay", "some", "a number, or none"),
        ("sparse", "1", "true or false"),
    ],
)
def test_an_impossible_value_is_refused_with_what_is_allowed(
    name: str, text: str, allowed: str
) -> None:
    with pytest.raises(SettingError) as refusal:
        KNOWN[name].parse(text)
    assert str(refusal.value).startswith(f"{name} must be ")
    assert allowed in str(refusal.value)
    assert repr(text) in str(refusal.value)


def test_an_unsupported_type_is_a_programming_error() -> None:
    @dataclass(frozen=True)
    class Strange(Example):
        sizes: tuple[int, ...] = setting((1,), "of the layers")

    with pytest.raises(TypeError, match="a setting cannot be a tuple"):
        declared(Strange)


def test_a_training_budget_has_settings_with_help_as_well() -> None:
    known = declared(TrainingBudget)
    assert known["batch_size"].allowed == "a whole number, at least 2"
    assert known["precision"].allowed == "float32 or bfloat16"
    assert known["patience"].allowed == "a whole number, at least 1, or none"
    assert all(entry.help for entry in known.values())


@pytest.mark.parametrize("name", methods())
def test_every_registered_method_accepts_its_own_defaults(name: str) -> None:
    assert all(entry.help for entry in declared(methods()[name]).values())
    assert resolve(methods()[name], {}, {}).overrides == {}


@pytest.mark.parametrize(
    "text", ["9" * 20, "-" + "9" * 20, "9" * 400, "-" + "9" * 400, "9" * 5000, str(2**63)]
)
def test_whole_numbers_that_no_tensor_holds_are_refused_in_few_words(text: str) -> None:
    for known in (KNOWN["units"], declared(TrainingBudget)["test_examples"]):
        with pytest.raises(SettingError, match="must be a whole number") as refused:
            known.parse(text)
        assert len(str(refused.value)) < 250
    assert KNOWN["units"].parse(str(2**63 - 1)) == 2**63 - 1


@given(st.sampled_from(list(KNOWN)), st.text(max_size=6) | st.sampled_from(["2", "none", "true"]))
def test_every_value_that_is_parsed_is_admitted(name: str, text: str) -> None:
    try:
        value = KNOWN[name].parse(text)
    except SettingError:
        return
    assert KNOWN[name].admits(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("units", 5.0),
        ("units", True),
        ("units", "5"),
        ("units", 0),
        ("units", 10**400),
        ("strength", 1e300),
        ("strength", float("nan")),
        ("mode", "sideways"),
        ("sparse", 1),
        ("decay", [1]),
    ],
)
def test_values_of_other_types_and_beyond_the_limits_are_not_admitted(
    name: str, value: object
) -> None:
    assert not KNOWN[name].admits(value)
