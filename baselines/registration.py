"""Registries: what is known by a name, once the module is imported that registers it.

Those of this project are found by lying in a package; others are plugins (`baselines.plugins`).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")

_OWN: Final = ("baselines", "harness", "rmn")
_REGISTRIES: Final[list[Registry[Any]]] = []


@dataclass
class Registry(Generic[T]):
    """Entries of one kind by name.

    Attributes:
        kind: of the entries, in the plural, as messages call them.
        module_of: gives the name of the module that registered an entry.
        package: whose modules register this project's own; "" if they need no finding.
        reserved: names that are taken, though nothing is registered by them.
        entries: what is registered so far, in the order of registration.
    """

    kind: str
    module_of: Callable[[T], str]
    package: str = ""
    reserved: Collection[str] = ()
    entries: dict[str, T] = field(default_factory=dict)
    _has_own: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        _REGISTRIES.append(self)

    def add(self, name: str, entry: T) -> None:
        """Register an entry.

        Args:
            name: by which it is known from now on.
            entry: what is known by it.

        Raises:
            ValueError: the name is taken.
        """
        module = self.module_of(entry)
        if not is_own(module):
            self._import_own()  # or a name of ours would be refused to us, not to the plugin
        if name in self.reserved or name in self.entries:
            raise ValueError(
                f"two {self.kind} are named {name!r}; give that of {module} another name"
            )
        self.entries[name] = entry

    def known(self) -> dict[str, T]:
        """Every entry by name, this project's own and those registered so far from outside."""
        self._import_own()
        return dict(self.entries)

    def withdraw(self, module: str) -> None:
        """Forget what a module has registered."""
        for name, entry in list(self.entries.items()):
            if self.module_of(entry) == module:
                del self.entries[name]

    def _import_own(self) -> None:
        if self.package and not self._has_own:  # asked thousands of times for a report
            import_modules(self.package)
            self._has_own = True


def withdraw(module: str) -> None:
    """Forget what a module has registered anywhere, such as a plugin before it broke."""
    for registry in _REGISTRIES:
        registry.withdraw(module)


def is_own(module: str) -> bool:
    """Whether a module is part of this project."""
    return module.partition(".")[0] in _OWN


def import_modules(package: str) -> None:
    """Import the modules that lie directly in a package, in alphabetical order.

    Args:
        package: its dotted name.
    """
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        importlib.import_module(f"{package}.{module.name}")
