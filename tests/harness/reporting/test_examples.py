"""The examples in the docstrings of this package."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from harness import reporting

MODULES = [one.name for one in pkgutil.walk_packages(reporting.__path__, f"{reporting.__name__}.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
