"""Every method of comparison by name: those of this package, and those of plugins."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Final, TypeVar

import baselines
from baselines.interface import Baseline
from baselines.plugins import METHODS, check_name, import_entry_points, is_own, withdrawable

_NEEDED: Final = ("name", "title", "reference")

_METHODS: dict[str, type[Baseline]] = {}
withdrawable(_METHODS, lambda method: method.__module__)

B = TypeVar("B", bound=type[Baseline])


def register(method: B) -> B:
    """Class decorator that makes a method known under its `name`.

    Raises:
        ValueError: the name is taken by another method, or something is missing that every
            comparison needs of a method; says what to write.
    """
    _check(method)
    if not is_own(method.__module__):
        _import_own()  # or a name of ours would be refused to us, not to the plugin
    if method.name in _METHODS:
        raise ValueError(
            f"two methods are named {method.name!r}: {_METHODS[method.name]}, {method}"
        )
    _METHODS[method.name] = method
    return method


def _check(method: type[Baseline]) -> None:
    """Refuse what would fail, or lose its settings, only when it is compared."""
    where = f"{method.__module__}.{method.__qualname__}"
    for needed in _NEEDED:
        if not (text := getattr(method, needed, "")) or not isinstance(text, str):
            raise ValueError(f"{where} has no {needed}; add {needed}: ClassVar[str] = ...")
    check_name(f"method {where}", method.name)
    if "__dataclass_params__" not in vars(method):
        raise ValueError(f"{where} is no dataclass; put @dataclass(frozen=True) below @register")
    if inspect.isabstract(method):
        missing = ", ".join(sorted(method.__abstractmethods__))
        raise ValueError(f"{where} does not define {missing}")


def methods() -> dict[str, type[Baseline]]:
    """Every registered method by name, in alphabetical order of the names."""
    _import_own()
    import_entry_points(METHODS)
    return dict(sorted(_METHODS.items()))


def _import_own() -> None:
    for module in pkgutil.iter_modules(baselines.__path__):
        importlib.import_module(f"baselines.{module.name}")
