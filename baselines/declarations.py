"""What a method declares of itself, checked when it is registered and not when it is compared."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from baselines.interface import Baseline, Requirement, Role, Supervision
from baselines.plugins import check_name

SETTING_TYPES: Final[Mapping[type, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
}
"""Types of settings that can be typed on a command line, in words."""

_TEXTS: Final = ("name", "title", "reference")
_BUDGET: Final = "training"
COLOUR: Final = re.compile("(#[0-9a-fA-F]{6})?")
"""Of a method; empty for one derived from its name."""


def check_declarations(method: type[Baseline]) -> None:
    """Refuse what would fail, or lose its settings, only when it is compared.

    Raises:
        ValueError: something is missing, or of a type that nothing else can use; says what to
            write.
    """
    where = f"{method.__module__}.{method.__qualname__}"
    for needed in _TEXTS:
        text = getattr(method, needed, "")
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{where} has no {needed}; add {needed}: ClassVar[str] = ...")
        if not text.isprintable():
            raise ValueError(f"{where} has the {needed} {text!r}; write it on one line")
    check_name(f"method {where}", method.name)
    if method.name == _BUDGET:
        raise ValueError(f"{where} is named {_BUDGET!r}, as the budget in --set {_BUDGET}.epochs=1")
    if "__dataclass_params__" not in vars(method):
        raise ValueError(f"{where} is no dataclass; put @dataclass(frozen=True) below @register")
    if inspect.isabstract(method):
        missing = ", ".join(sorted(method.__abstractmethods__))
        raise ValueError(f"{where} does not define {missing}")
    _check_terms(method, where)
    _check_settings(method, where)


@cache
def setting_types(owner: type[Any]) -> Mapping[str, tuple[Any, ...]]:
    """What each setting of a dataclass may be, by name: types, None's first, or a Literal's values.

    Fields are annotated as bool, int, float, str, a Literal, or a union of them, with None or
    without.

    Raises:
        TypeError: no text could be a value of one; names it.
    """
    hints, found = get_type_hints(owner), {}
    for one in fields(owner):
        try:
            found[one.name] = _value_types(hints[one.name])
        except TypeError as error:
            raise TypeError(f"{one.name}: {error}") from error
    return found


def _value_types(annotation: Any) -> tuple[Any, ...]:
    """What a setting may be by the annotation of its field."""
    if get_origin(annotation) in (Union, UnionType):
        kinds = [kind for part in get_args(annotation) for kind in _value_types(part)]
        return tuple(sorted(kinds, key=lambda kind: kind is not NoneType))  # "none" is no text
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if annotation in SETTING_TYPES or annotation is NoneType:
        return (annotation,)
    named = annotation if get_origin(annotation) else getattr(annotation, "__name__", annotation)
    raise TypeError(f"a setting cannot be a {named}; use bool, int, float, str, Literal or None")


def _check_terms(method: type[Baseline], where: str) -> None:
    version: object = method.version
    if type(version) is not int or version < 1:
        raise ValueError(f"{where} has the version {version!r}; write a whole number from 1")
    terms: tuple[tuple[str, type[Role] | type[Supervision]], ...]
    terms = (("role", Role), ("supervision", Supervision))
    for name, kind in terms:
        if not isinstance(value := getattr(method, name), kind):
            raise ValueError(f"{where} has the {name} {value!r}; write one of {_members(kind)}")
    for name, element, elements in (
        ("requirements", Requirement, _members(Requirement)),
        ("unsuited_networks", str, "names of networks"),
    ):
        value = getattr(method, name)
        if not isinstance(value, frozenset) or not all(isinstance(one, element) for one in value):
            raise ValueError(f"{where} has the {name} {value!r}; write a frozenset of {elements}")
    if type(method.adam_alone) is not bool:
        raise ValueError(f"{where} has adam_alone = {method.adam_alone!r}; write True or False")
    for name in ("rule", "colour", "penalty_setting", "tuning_source", "counterpart"):
        if not isinstance(value := getattr(method, name), str):
            raise ValueError(f'{where} has the {name} {value!r}; write a text, "" for none')
    if not COLOUR.fullmatch(method.colour):
        raise ValueError(
            f"{where} has the colour {method.colour!r}; write six hexadecimal digits, like "
            '"#0173b2"'
        )
    for name in ("paper_settings", "check_settings"):
        if not isinstance(value := getattr(method, name), Mapping):
            raise ValueError(f"{where} has the {name} {value!r}; write a dict")


def _check_settings(method: type[Baseline], where: str) -> None:
    for one in fields(method):
        if not _is_setting(one):
            raise ValueError(
                f"{where}.{one.name} is no setting; write {one.name}: float = setting(1.0, "
                '"what it does"), and ClassVar[...] for what is none'
            )
    try:
        setting_types(method)
    except TypeError as error:
        raise ValueError(f"{where}.{error}") from error


def _is_setting(one: Field[Any]) -> bool:
    return one.default is not MISSING and bool(one.metadata.get("help"))


def _members(kind: type[Role] | type[Supervision] | type[Requirement]) -> str:
    return ", ".join(f"{kind.__name__}.{member.name}" for member in kind)
