"""Settings of the methods: the types and limits of the dataclass fields, and values from text."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from types import NoneType
from typing import Any, Final

from baselines.declarations import SETTING_TYPES, setting_types
from baselines.interface import Baseline
from harness.config.budgets import TrainingBudget
from harness.config.suggestions import shortened

_BOOLEANS: Final = {"true": True, "false": False}
_MOST: Final = 2**63
"""Whole numbers below it are what tensors hold; larger ones would fail in the midst of a run."""


class SettingError(ValueError):
    """A setting that does not exist or cannot have the given value; says what is allowed."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a method, as declared by a field of its dataclass.

    Attributes:
        name: of the field.
        types: what a value may be: bool, int, float, str, None's type, or the values of a Literal.
        default: the dataclass's own.
        help: one line.
        minimum: smallest allowed number, None for no limit.
        maximum: largest allowed number, None for no limit.
        later: at its default it is no part of a run's identity.
    """

    name: str
    types: tuple[Any, ...]
    default: Any
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None
    later: bool = False

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        words = [SETTING_TYPES[kind] for kind in self.types if kind in SETTING_TYPES]
        words += [str(kind) for kind in self.types if not isinstance(kind, type)]
        limits = [
            f"{word} {limit:g}"
            for word, limit in (("at least", self.minimum), ("at most", self.maximum))
            if limit is not None
        ]
        text = ", ".join(filter(None, [" or ".join(words), " and ".join(limits)]))
        return f"{text}, or none" if NoneType in self.types else text

    def parse(self, text: str) -> Any:
        """The value that `text` stands for.

        Raises:
            SettingError: no allowed value is written like that.
        """
        for kind in self.types:
            try:
                value = _parse(kind, text)
            except (ValueError, KeyError):
                continue
            if self._within(value):
                return value
        raise SettingError(f"{self.name} must be {self.allowed}, not {shortened(text)!r}")

    def is_unchanged(self, value: Any) -> bool:
        """Whether a value leaves a run's identity what it was before the setting came."""
        return self.later and bool(value == self.default)

    def admits(self, value: Any) -> bool:
        """Whether a value is one of those that `parse` gives."""
        return any(_is(kind, value) for kind in self.types) and self._within(value)

    def _within(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return True
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        # of whole numbers first: those of hundreds of digits are too large for a float
        if isinstance(value, int) and abs(value) >= _MOST:
            return False
        return math.isfinite(value) and low <= value <= high


def declared(method: type[Baseline] | type[TrainingBudget]) -> dict[str, Setting]:
    """The settings of a method, or of a training budget, by name, in the order of its fields."""
    owner: Any = method  # mypy takes a class for no key of a cache
    types = setting_types(owner)
    return {
        entry.name: Setting(
            entry.name,
            types[entry.name],
            entry.default,
            entry.metadata.get("help", ""),
            entry.metadata.get("minimum"),
            entry.metadata.get("maximum"),
            entry.metadata.get("later", False),
        )
        for entry in fields(method)
    }


def _parse(kind: Any, text: str) -> Any:
    if kind is NoneType:
        if text.lower() != "none":
            raise ValueError(text)
        return None
    if kind is bool:
        return _BOOLEANS[text.lower()]
    if isinstance(kind, type):
        return kind(text)
    if text != str(kind):
        raise ValueError(text)
    return kind


def _is(kind: Any, value: Any) -> bool:
    if isinstance(kind, type):
        return type(value) is kind or (kind is float and type(value) is int)
    return bool(type(value) is type(kind) and value == kind)
