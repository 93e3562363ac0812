"""Laplace propagation against online EWC, which it is for tasks of the same size."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from avalanche.training.supervised import Naive
from torch import nn

from baselines.components.elastic_weight_consolidation import OnlinePenaltyPlugin
from baselines.components.laplace_propagation import LaplacePropagationPlugin

Trained = Callable[..., Naive]


def test_for_tasks_of_one_size_it_is_online_ewc_without_decay(
    trained: Trained, one_layer: nn.Module
) -> None:
    ours, theirs, free = (
        trained(copy.deepcopy(one_layer), plugin, rate=0.1, tasks=4).model[1].weight
        for plugin in (
            LaplacePropagationPlugin(30.0),
            OnlinePenaltyPlugin(30.0, decay=1.0),
            LaplacePropagationPlugin(0.0),
        )
    )
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)
    assert (ours - free).abs().max() > 0.005


def test_a_task_counts_by_its_examples_as_worked_by_hand() -> None:
    """10 examples of mean information 1, 30 of 2: a precision of 70; over 5 examples, 7 each."""
    plugin = LaplacePropagationPlugin(1.0)
    for examples, place, information in ((10, 0.0, 1.0), (30, 3.0, 2.0)):
        experience = SimpleNamespace(dataset=range(examples))
        plugin.before_training_exp(SimpleNamespace(experience=experience))
        plugin.merge({"w": torch.tensor([place])}, {"w": torch.tensor([information])})
    assert (plugin.importance["w"].item(), plugin.anchor["w"].item()) == (70.0, 3.0)
    plugin.before_training_exp(SimpleNamespace(experience=SimpleNamespace(dataset=range(5))))
    assert plugin.strength * plugin.importance["w"].item() == pytest.approx(70 / (2 * 5))
