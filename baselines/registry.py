"""Every method of comparison by name: those of this package, and those of plugins."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TypeVar

import baselines
from baselines.interface import Baseline
from baselines.plugins import METHODS, import_entry_points, is_own, withdrawable

_METHODS: dict[str, type[Baseline]] = {}
withdrawable(_METHODS, lambda method: method.__module__)

B = TypeVar("B", bound=type[Baseline])


def register(method: B) -> B:
    """Class decorator that makes a method known under its `name`.

    Raises:
        ValueError: the name is taken by another method.
    """
    if not is_own(method.__module__):
        _import_own()  # or a name of ours would be refused to us, not to the plugin
    if method.name in _METHODS:
        raise ValueError(
            f"two methods are named {method.name!r}: {_METHODS[method.name]}, {method}"
        )
    _METHODS[method.name] = method
    return method


def methods() -> dict[str, type[Baseline]]:
    """Every registered method by name, in alphabetical order of the names."""
    _import_own()
    import_entry_points(METHODS)
    return dict(sorted(_METHODS.items()))


def _import_own() -> None:
    for module in pkgutil.iter_modules(baselines.__path__):
        importlib.import_module(f"baselines.{module.name}")
