"""A network of one layer, trained by SGD under a plugin: what slow references are held against."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.supervised import Naive
from torch import nn

from baselines.components.no_metrics import NoMetrics
from harness.data.loading import TensorLoading
from harness.data.streams import Stream

Trained = Callable[..., Naive]


@pytest.fixture
def trained(stream: Stream) -> Trained:
    """Trains a model on the first tasks of Split-MNIST, batches of 64 in an order that is known.

    That of task n is the order of `harness.data.loading.BatchLoader` with seed n.
    """

    def train(
        model: nn.Module, *plugins: SupervisedPlugin, rate: float, tasks: int, batch: int = 64
    ) -> Naive:
        strategy = Naive(
            model=model,
            optimizer=torch.optim.SGD(model.parameters(), lr=rate),
            criterion=nn.CrossEntropyLoss(),
            train_mb_size=batch,
            evaluator=NoMetrics(),
            plugins=[TensorLoading(0), *plugins],
        )
        for experience in stream.experiences[:tasks]:
            strategy.train(experience)
        return strategy

    return train


@pytest.fixture
def one_layer() -> nn.Sequential:
    """784 inputs, 10 outputs, drawn from seed 0."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
