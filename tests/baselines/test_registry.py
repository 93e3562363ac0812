"""Methods are found by being in the package, one name each."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
from avalanche.training.templates import SupervisedTemplate

import baselines
from baselines import registry
from baselines.context import Context
from baselines.interface import Baseline, Requirement, setting
from baselines.naive import Naive
from baselines.registry import methods, register


def test_every_module_of_the_package_is_imported_and_every_method_registered() -> None:
    found = methods()
    package = Path(baselines.__path__[0])
    files = {path.stem for path in package.glob("*.py")}
    infrastructure = {"__init__", "context", "declarations", "interface", "plugins"}
    infrastructure |= {"registration", "registry"}
    assert {method.__module__ for method in found.values()} == {
        f"baselines.{name}" for name in files - infrastructure
    }


def test_names_are_in_alphabetical_order_and_those_of_the_files() -> None:
    found = methods()
    assert list(found) == sorted(found)
    for name, method in found.items():
        assert method.name == name
        assert method.__module__ == f"baselines.{name}"


def test_a_name_that_is_taken_is_refused_and_nothing_replaced() -> None:
    @dataclass(frozen=True)
    class Second(Naive):
        """Another method of the same name."""

        title: ClassVar[str] = "Second"

    with pytest.raises(ValueError, match="two methods are named 'naive'; give that of"):
        register(Second)
    assert methods()["naive"] is Naive


def test_a_method_of_another_package_is_known_once_it_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @register
    @dataclass(frozen=True)
    class Outside(Naive):
        """Fine-tuning by another name."""

        name: ClassVar[str] = "a_method_from_outside"
        title: ClassVar[str] = "Outside"

    try:
        assert methods()["a_method_from_outside"] is Outside
    finally:
        del registry._METHODS.entries["a_method_from_outside"]
    assert "a_method_from_outside" not in methods()


def test_asking_twice_imports_nothing_twice() -> None:
    first = methods()
    module = importlib.import_module("baselines.naive")
    assert methods() == first
    assert module.Naive is first["naive"]


class Undeclared(Baseline):
    """Declares what each test leaves in it."""

    name: ClassVar[str] = "a_method_from_outside"
    title: ClassVar[str] = "Outside"
    reference: ClassVar[str] = "nobody"

    def build(self, context: Context) -> SupervisedTemplate:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"title": ""}, r"Refused has no title; add title: ClassVar\[str\]"),
        ({"reference": None}, "Refused has no reference"),
        ({"name": "a.b,c"}, r"named 'a\.b,c'; use lower-case letters"),
        ({"name": "../b"}, "use lower-case letters"),
        ({"build": Baseline.build}, "Refused does not define build"),
        ({"title": "  "}, "Refused has no title"),
        ({"title": "two\nlines"}, r"has the title 'two\\nlines'; write it on one line"),
        ({"title": "RMN"}, "Refused has the title of the method rmn, 'RMN'; give it another"),
        ({"version": 0}, "has the version 0; write a whole number from 1"),
        ({"version": "2"}, "has the version '2'; write a whole number"),
        ({"role": "mine"}, "has the role 'mine'; write one of Role.SUBJECT, Role.BOUND"),
        ({"supervision": "none"}, "has the supervision 'none'; write one of Supervision.NONE"),
        ({"requirements": [Requirement.REPLAY]}, "write a frozenset of Requirement.REPLAY"),
        ({"requirements": frozenset({"replay"})}, "write a frozenset of"),
        ({"unsuited_networks": "resnet18"}, "of names of networks"),
        ({"colour": "red"}, "has the colour 'red'; write six hexadecimal digits"),
        ({"rule": None}, "has the rule None; write a text"),
        ({"paper_settings": ()}, "has the paper_settings .*; write a dict"),
    ],
)
def test_what_a_comparison_needs_of_a_method_is_asked_for_at_once(
    attributes: dict[str, Any], message: str
) -> None:
    made: Any = dataclass(frozen=True)(type("Refused", (Undeclared,), attributes))
    with pytest.raises(ValueError, match=message):
        register(made)
    assert "a_method_from_outside" not in methods()


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("list[int]", setting(None, "sizes"), r"rate: a setting cannot be a list\[int\]; use bool"),
        ("complex", setting(1j, "rate"), "cannot be a complex; use bool, int, float, str, Literal"),
        ("float", setting(0.5, ""), "rate is no setting; write rate: float = setting"),
        ("float", 0.5, "rate is no setting"),
        ("float", field(metadata={"help": "has no default"}), "rate is no setting"),
    ],
)
def test_a_field_that_cannot_be_typed_on_a_command_line_is_refused(
    kind: str, value: Any, message: str
) -> None:
    attributes = {"__annotations__": {"rate": kind}, "rate": value}
    made: Any = dataclass(frozen=True)(type("Refused", (Undeclared,), attributes))
    with pytest.raises(ValueError, match=message):
        register(made)


def test_a_class_that_is_no_dataclass_of_its_own_is_refused() -> None:
    with pytest.raises(ValueError, match=r"put @dataclass\(frozen=True\) below @register"):
        register(Undeclared)
