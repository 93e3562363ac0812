"""HAT on the paper's MLP."""

from dataclasses import replace

import pytest
import torch

from baselines.components.hat import HATNetwork, HATPlugin, HATStrategy
from baselines.context import Context
from harness.training.networks import mlp


@pytest.fixture
def strategy(context: Context) -> HATStrategy:
    """Two epochs a task; a large learning rate, so that gates close and open within them."""
    torch.manual_seed(0)
    model = HATNetwork(mlp(10), smax=400.0)
    plugin = HATPlugin(smax=400.0, lamb=2.0, clip_norm=10_000.0)
    context = replace(context, plugins=(*context.plugins, plugin))
    return HATStrategy(
        model=model,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.2),
        criterion=torch.nn.CrossEntropyLoss(),
        **context.strategy_arguments(),
    )
