"""The examples in the docstrings of this package."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from harness import analysis

MODULES = [one.name for one in pkgutil.walk_packages(analysis.__path__, f"{analysis.__name__}.")]
WITHOUT_EXAMPLES = ("definition", "novelty", "degradation")


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str) -> None:
    module = importlib.import_module(name)
    shared = dict(vars(module))  # a module's docstring makes what its functions' examples are of
    runner = doctest.DocTestRunner()
    for docstring in doctest.DocTestFinder().find(module):
        docstring.globs = shared
        runner.run(docstring, clear_globs=False)
    assert runner.failures == 0
    package, _, kind = name.rpartition(".")
    if package == f"{analysis.__name__}.metrics" and kind not in WITHOUT_EXAMPLES:
        assert runner.tries > 0
