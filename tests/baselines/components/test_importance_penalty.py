"""What EWC, SI and MAS have in common: which weights have an importance, and which move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from avalanche.training.supervised import Naive
from torch import Tensor, nn

from baselines.components.elastic_weight_consolidation import PenaltyPerTaskPlugin
from baselines.components.importance_penalty import ImportancePenaltyPlugin
from baselines.components.losses import OwnOutputs
from baselines.components.memory_aware_synapses import MemoryAwareSynapsesPlugin
from baselines.components.synaptic_intelligence import SynapticIntelligencePlugin
from baselines.context import Context
from harness.data.streams import Stream

PLUGINS: dict[str, Callable[[], ImportancePenaltyPlugin]] = {
    "ewc": lambda: PenaltyPerTaskPlugin(1e12),
    "mas": lambda: MemoryAwareSynapsesPlugin(1e12),
    "si": lambda: SynapticIntelligencePlugin(si_lambda=1e12, eps=0.1),
}

PAIRS = [(2 * task, 2 * task + 1) for task in range(5)]
"""Outputs of each task of Split-MNIST."""

every_plugin = pytest.mark.parametrize("name", PLUGINS)


def strategy_with(
    plugin: ImportancePenaltyPlugin, context: Context, criterion: nn.Module | None = None
) -> Naive:
    torch.manual_seed(0)
    model = context.model()
    arguments = context.strategy_arguments()
    arguments["plugins"].append(plugin)
    return Naive(
        model=model,
        optimizer=context.make_optimizer(model),
        criterion=criterion or nn.CrossEntropyLoss(),
        **arguments,
    )


def values(strategy: Naive) -> dict[str, Tensor]:
    return {name: weight.detach().clone() for name, weight in strategy.model.named_parameters()}


@every_plugin
def test_important_weights_stay_where_they_were(
    name: str, context: Context, stream: Stream
) -> None:
    """By comparison with training that has no penalty, the change weighted by importance."""
    changes = []
    for strength in (1e12, 0.0):
        plugin = PLUGINS[name]()
        strategy = strategy_with(plugin, context)
        strategy.train(stream.experiences[0], reset_optimizer_state=True)
        plugin.strength = strength
        before = values(strategy)
        importance = {n: value.clone() for n, value in plugin.importance.items()}
        strategy.train(stream.experiences[1], reset_optimizer_state=True)
        after = values(strategy)
        moved = [(i * (after[n] - before[n]) ** 2).sum().item() for n, i in importance.items()]
        changes.append(sum(moved))
    assert changes[0] < changes[1] / 10


@every_plugin
def test_a_head_has_importance_from_its_own_task_alone(
    name: str, context: Context, stream: Stream
) -> None:
    plugin = PLUGINS[name]()
    strategy = strategy_with(plugin, replace(context, head="per-task"))
    heads, before = [], values(strategy).keys()
    for experience in stream.experiences[:2]:
        strategy.train(experience, reset_optimizer_state=True)
        names = [name for name, value in plugin.importance.items() if value.any()]
        heads.append(
            {name for name in names if name.endswith(("copies.0.weight", "copies.1.weight"))}
        )
        own = {name: plugin.importance[name].clone() for name in heads[0]}
        if len(heads) == 1:
            first, weights = own, values(strategy)
    assert [len(found) for found in heads] == [1, 2]
    assert heads[1] - before == heads[1] - heads[0]
    for head in heads[0]:
        assert torch.equal(own[head], first[head])
        assert torch.equal(values(strategy)[head], weights[head])


@pytest.mark.parametrize("name", ["ewc", "mas"])
def test_outputs_that_the_loss_is_not_over_have_no_importance(
    name: str, context: Context, stream: Stream
) -> None:
    plugin = PLUGINS[name]()
    strategy = strategy_with(plugin, context, OwnOutputs(PAIRS, 10, context.device))
    strategy.train(stream.experiences[1], reset_optimizer_state=True)
    last = list(plugin.importance.values())[-1]
    assert last.shape == (10, 100)
    assert last.any(1).tolist() == [False, False, True, True] + [False] * 6
    assert last.isfinite().all()
