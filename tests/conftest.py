"""What several test folders share. torch and avalanche are imported only where they are needed."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from torch import nn

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
    from baselines import plugins

    monkeypatch.setattr(sys, "path", list(sys.path))
    before, groups, broken = set(sys.modules), set(plugins._IMPORTED), dict(plugins._BROKEN)
    yield
    for table, module_of in plugins._TABLES:
        for name in [n for n, entry in table.items() if not plugins.is_own(module_of(entry))]:
            del table[name]
    plugins._IMPORTED.intersection_update(groups)
    plugins._BROKEN.clear()
    plugins._BROKEN.update(broken)
    for name in set(sys.modules) - before:
        if name.startswith(("harness_plugins.", "outside")):
            del sys.modules[name]


@pytest.fixture(scope="session")
def stream() -> Stream:
    """Real Split-MNIST, 256 training and 128 test examples a task."""
    from harness.config.benchmarks import BENCHMARKS
    from harness.config.budgets import TrainingBudget
    from harness.data.streams import make_stream

    training = TrainingBudget(epochs=1, train_examples=256, test_examples=128)
    return make_stream(BENCHMARKS["split_mnist"], training, seed=0)


@pytest.fixture
def context() -> Context:
    """Two epochs on the paper's MLP."""
    import torch

    from baselines.context import Context
    from harness.data.loading import TensorLoading
    from harness.training.networks import mlp

    def network() -> nn.Module:
        torch.manual_seed(0)
        return mlp(10)

    return Context(
        network=network,
        outputs=10,
        tasks=5,
        epochs=2,
        batch_size=32,
        learning_rate=0.002,
        device=torch.device("cpu"),
        seed=0,
        plugins=(TensorLoading(0),),
    )
