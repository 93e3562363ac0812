"""A network of its own for each task: nothing is forgotten because nothing is shared."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from avalanche.models import avalanche_forward

from baselines.components.single_task_training import SingleTaskTraining
from baselines.context import Context
from baselines.registry import methods
from harness.data.streams import Stream


@pytest.fixture
def strategy(context: Context, stream: Stream) -> Any:
    """After two tasks, with the first network's fingerprint after the first."""
    torch.manual_seed(0)
    made: Any = methods()["single"]().build(context)
    assert isinstance(made, SingleTaskTraining)
    made.train(stream.experiences[0], reset_optimizer_state=True)
    made.after_first = made.fingerprint(0)
    made.train(stream.experiences[1], reset_optimizer_state=True)
    made.model.eval()
    return made


def test_a_learned_network_is_left_alone_to_the_last_bit(strategy: Any) -> None:
    assert strategy.fingerprint(0) == strategy.after_first
    assert strategy.fingerprint(1) != strategy.after_first


def test_each_task_is_answered_by_its_own_network(strategy: Any, stream: Stream) -> None:
    x = stream.test[0].inputs()
    per_task = strategy.logits_per_task(x)
    for task in range(2):
        labels = torch.full((len(x),), task)
        given = avalanche_forward(strategy.model, x, labels)
        assert torch.equal(strategy.logits_of_task(x, task), per_task[task])
        assert torch.equal(given, per_task[task])


def test_each_network_knows_its_task_and_no_other(strategy: Any, stream: Stream) -> None:
    for task in range(2):
        for network in range(2):
            data = stream.test[task]
            predicted = strategy.logits_of_task(data.inputs(), network).argmax(1)
            right = (predicted == data.images.labels).float().mean()
            assert (right > 0.9) if network == task else (right == 0)
