"""Every method of comparison by name: those of this package, and those of plugins."""

from __future__ import annotations

import inspect
from typing import Final, TypeVar

from baselines.interface import Baseline
from baselines.plugins import METHODS, check_name, import_entry_points
from baselines.registration import Registry

_NEEDED: Final = ("name", "title", "reference")

_METHODS: Final = Registry[type[Baseline]]("methods", lambda method: method.__module__, "baselines")

B = TypeVar("B", bound=type[Baseline])


def register(method: B) -> B:
    """Class decorator that makes a method known under its `name`.

    Raises:
        ValueError: the name is taken by another method, or something is missing that every
            comparison needs of a method; says what to write.
    """
    _check(method)
    _METHODS.add(method.name, method)
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
    import_entry_points(METHODS)
    return dict(sorted(_METHODS.known().items()))
