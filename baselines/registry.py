"""Every method of comparison by name: those of this package, and those of plugins."""

from __future__ import annotations

from typing import Final, TypeVar

from baselines.declarations import check_declarations
from baselines.interface import Baseline
from baselines.plugins import METHODS, import_entry_points
from baselines.registration import Registry, is_own

_METHODS: Final = Registry[type[Baseline]]("methods", lambda method: method.__module__, "baselines")

B = TypeVar("B", bound=type[Baseline])


def register(method: B) -> B:
    """Class decorator that makes a method known under its `name`.

    Raises:
        ValueError: the name or the title is another method's, or something is missing, or of
            another type, that every comparison needs of a method; says what to write.
    """
    check_declarations(method)
    _check_title(method)
    _METHODS.add(method.name, method)
    return method


def _check_title(method: type[Baseline]) -> None:
    """Refuse a title that would stand twice in every table and figure."""
    if is_own(method.__module__):
        return  # they are being imported
    for name, other in _METHODS.known().items():
        if other.title == method.title and name != method.name:
            raise ValueError(
                f"{method.__module__}.{method.__qualname__} has the title of the method {name}, "
                f"{method.title!r}; give it another"
            )


def methods() -> dict[str, type[Baseline]]:
    """Every registered method by name, in alphabetical order of the names."""
    import_entry_points(METHODS)
    return dict(sorted(_METHODS.known().items()))
