"""What several test folders share. torch and avalanche are imported only where they are needed."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from baselines.context import Context
    from harness.data.streams import Stream

# Each of pytest's workers has a core. More threads wait for each other, and sums have other orders.
os.environ["OMP_NUM_THREADS"] = "1"  # read when torch is imported

# Where the suite runs in the background these are ignored, and so they would be by every command
# that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def registrations(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What plugins register during a test is forgotten, and so is that they were imported."""
    from baselines import plugins, registration

    monkeypatch.setattr(sys, "path", list(sys.path))
    before, groups, broken = set(sys.modules), set(plugins._IMPORTED), dict(plugins._BROKEN)
    yield
    for registry in registration._REGISTRIES:
        for module in set(map(registry.module_of, registry.entries.values())):
            if not registration.is_own(module):
                registry.withdraw(module)
    plugins._IMPORTED.intersection_update(groups)
    plugins._BROKEN.clear()
    plugins._BROKEN.update(broken)
    for name in set(sys.modules) - before:
        if name.startswith(("harness_plugins.", "outside")):
            del sys.modules[name]


@pytest.fixture(scope="session")
def stream() -> Stream:
    """Real Split-MNIST, 256 training and 128 test examples a task."""
    from harness.contract.subject import small_stream

    return small_stream()


@pytest.fixture
def context() -> Context:
    """Two epochs on the paper's MLP."""
    from harness.contract.subject import small_context

    return small_context()
