"""Every method of comparison by name, found by importing the modules of this package."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TypeVar

import baselines
from baselines.interface import Baseline

_METHODS: dict[str, type[Baseline]] = {}

B = TypeVar("B", bound=type[Baseline])


def register(method: B) -> B:
    """Class decorator that makes a method known under its `name`.

    Raises:
        ValueError: the name is taken by another method.
    """
    if method.name in _METHODS:
        raise ValueError(
            f"two methods are named {method.name!r}: {_METHODS[method.name]}, {method}"
        )
    _METHODS[method.name] = method
    return method


def methods() -> dict[str, type[Baseline]]:
    """Every registered method by name, in alphabetical order of the names."""
    for module in pkgutil.iter_modules(baselines.__path__):
        importlib.import_module(f"baselines.{module.name}")
    return dict(sorted(_METHODS.items()))
