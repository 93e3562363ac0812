"""Finding what registers itself: importing every module of a package."""

from __future__ import annotations

import importlib
import pkgutil


def import_modules(package: str) -> None:
    """Import the modules that lie directly in a package, in alphabetical order.

    Args:
        package: its dotted name.
    """
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        importlib.import_module(f"{package}.{module.name}")
