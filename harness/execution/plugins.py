"""What is registered from outside, for the processes that make runs to import as well."""

from __future__ import annotations

import sys
from typing import Final

from baselines.plugins import Plugin, of_module
from baselines.registration import is_own
from baselines.registry import methods
from harness.config.benchmark_registry import benchmarks
from harness.config.networks import registered_networks
from harness.evaluation.measurements import measuring_modules
from harness.tracking.logger import loggers

_SESSION: Final = "__main__"


def plugins_in_use() -> tuple[Plugin, ...]:
    """Every module that has registered something that a run may need, however it was imported.

    A script's own methods are left out: Python lets the worker processes of this machine run the
    script's definitions by itself.

    Raises:
        PluginError: one is no file, so that no other process can import it.
    """
    modules = {method.__module__ for method in methods().values()}
    modules |= {one.data.__module__ for one in benchmarks().values() if one.data}
    modules |= {network.make.__module__ for network in registered_networks().values()}
    modules |= measuring_modules()
    modules |= {logger.make.__module__ for logger in loggers().values()}
    outside = sorted(one for one in modules if not is_own(one))
    script = hasattr(sys.modules[_SESSION], "__file__")
    return tuple(of_module(one) for one in outside if not (script and one == _SESSION))
