"""Mask methods on real Split-MNIST with outputs of each task's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from baselines.components.masks.strategy import MaskTraining
from baselines.context import Context
from baselines.interface import Baseline
from harness.config.benchmarks import BENCHMARKS
from harness.data.streams import Stream

Learned = Callable[..., MaskTraining]


@pytest.fixture
def own(context: Context) -> Context:
    """As in task-il: losses over a task's own outputs, a BatchNorm per task."""
    outputs = BENCHMARKS["split_mnist"].task_outputs
    return replace(context, norm="per-task", loss="own", task_outputs=outputs)


@pytest.fixture
def learned(own: Context, stream: Stream) -> Learned:
    """Trains a method on the first tasks."""

    def learn(method: Baseline, tasks: int, context: Context = own) -> MaskTraining:
        torch.manual_seed(0)
        strategy = method.build(context)
        assert isinstance(strategy, MaskTraining)
        for experience in stream.experiences[:tasks]:
            strategy.train(experience, reset_optimizer_state=True)
        strategy.model.eval()
        return strategy

    return learn
