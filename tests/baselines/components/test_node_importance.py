"""AGS-CL's proximal steps against the minima that define them, and what a task leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from avalanche.training.supervised import Naive
from torch import Tensor, nn

from baselines.ags_cl import AGSCL
from baselines.components.node_importance import AdaptiveGroupSparsityPlugin, shrunk
from baselines.context import Context
from baselines.naive import Naive as NaiveBaseline
from harness.config.benchmarks import BENCHMARKS
from harness.config.scenarios import under_scenario
from harness.config.settings import SettingError
from harness.data.streams import Stream

Trained = Callable[..., Naive]


def two_layers() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 20, bias=False), nn.ReLU(), nn.Linear(20, 10))


def plugin_with(**settings: Any) -> AdaptiveGroupSparsityPlugin:
    usual: dict[str, Any] = {"stay": 0.0, "sparsity": 0.0, "decay": 0.9, "renewed": 0.0, "seed": 0}
    return AdaptiveGroupSparsityPlugin(**{**usual, **settings})


@pytest.mark.parametrize("amount", [0.0, 0.5, 2.0, 100.0])
def test_shrinking_is_the_proximal_map_of_the_norm(amount: float) -> None:
    """No other row has a smaller 1/2 |u - w|² + amount |u|; gradient descent finds none."""
    torch.manual_seed(0)
    rows = torch.randn(5, 3, 2, dtype=torch.float64)
    rows[0] = 0
    found = shrunk(rows, torch.full((5,), amount, dtype=torch.float64))

    def cost(candidate: Tensor) -> Tensor:
        distance = (candidate - rows).flatten(1).square().sum(1) / 2
        total: Tensor = distance + amount * candidate.flatten(1).norm(dim=1)
        return total

    best = cost(found)
    for scale in (0.001, 0.01, 0.1, 1.0):
        for _ in range(50):
            assert (cost(found + scale * torch.randn_like(rows)) >= best - 1e-12).all()
    assert (cost(torch.zeros_like(rows)) >= best - 1e-12).all()


def test_without_strengths_the_first_task_is_fine_tuning(trained: Trained) -> None:
    free = trained(two_layers(), rate=0.1, tasks=1).model
    ours = trained(two_layers(), plugin_with(), rate=0.1, tasks=1).model
    for one, other in zip(free.parameters(), ours.parameters(), strict=True):
        assert torch.equal(one, other)


def test_importance_is_the_decayed_sum_of_mean_activations(
    trained: Trained, stream: Stream
) -> None:
    plugin = plugin_with(stay=1e6)  # so that nothing moves in the second task
    model = trained(two_layers(), plugin, rate=0.1, tasks=2).model
    with torch.no_grad():
        first, second = (
            torch.relu(model[1](task.inputs().flatten(1))).mean(0) for task in stream.train[:2]
        )
    torch.testing.assert_close(plugin.importance["1"], 0.9 * first + second, rtol=1e-4, atol=1e-5)
    probabilities = plugin.importance["3"]
    assert float(probabilities.sum()) == pytest.approx(1.9, rel=1e-4)


def test_a_node_that_is_important_stays_where_it_was(trained: Trained, stream: Stream) -> None:
    plugin = plugin_with(stay=1e9)
    strategy = trained(two_layers(), plugin, rate=0.1, tasks=1)
    before, needed = strategy.model[1].weight.detach().clone(), plugin.importance["1"] > 0
    assert needed.any()
    strategy.train(stream.experiences[1])
    assert torch.equal(strategy.model[1].weight[needed], before[needed])


def test_what_no_task_needs_is_cut_off_and_partly_drawn_anew(trained: Trained) -> None:
    plugin = plugin_with(stay=1.0, sparsity=1.6, renewed=0.5)
    model = trained(two_layers(), plugin, rate=0.1, tasks=1).model
    spare = plugin.importance["1"] == 0
    assert 1 < int(spare.sum()) < 20
    assert model[3].weight[:, spare].abs().max() == 0  # all outputs share in the probability
    assert model[3].weight[:, ~spare].any()
    renewed = model[1].weight[spare].flatten(1).any(1)
    assert int(renewed.sum()) == round(0.5 * int(spare.sum()))


@pytest.mark.parametrize("head", ["shared", "per-task"])
def test_the_first_tasks_answers_stay_while_spare_nodes_learn(
    head: Any, context: Context, stream: Stream
) -> None:
    """In a network without BatchNorm, whose important nodes are held for good."""

    def network() -> nn.Module:
        torch.manual_seed(0)
        layers = [nn.Flatten(), nn.Linear(784, 60, bias=False), nn.ReLU()]
        return nn.Sequential(*layers, nn.Linear(60, 10, bias=False))

    outputs = BENCHMARKS["split_mnist"].task_outputs
    loss: dict[str, Any] = {} if head == "per-task" else {"loss": "own", "task_outputs": outputs}
    context = replace(context, network=network, norm="none", head=head, epochs=8, **loss)
    strategy = AGSCL(stay=1e9, sparsity=8.0, renewed=1.0).build(context)
    x, answers = stream.test[0].inputs(), []
    for experience in stream.experiences[:2]:
        strategy.train(experience, reset_optimizer_state=True)
        strategy.model.eval()
        with torch.no_grad():
            logits = strategy.model(x, 0) if head == "per-task" else strategy.model(x)
        answers.append(logits[:, :2])
        [plugin] = [p for p in strategy.plugins if isinstance(p, AdaptiveGroupSparsityPlugin)]
        if len(answers) == 1:
            held = (plugin.importance["body.1" if head == "per-task" else "1"] > 0).sum()
            assert 0 < held < 60
    assert torch.equal(*answers)
    later = plugin.importance["body.1" if head == "per-task" else "1"] > 0
    assert later.sum() > held  # some that were spare are needed now


def test_it_is_refused_for_a_residual_network_before_any_training(context: Context) -> None:
    benchmark = BENCHMARKS["split_cifar100_20"]
    for scenario in ("task-il", "class-il"):
        with pytest.raises(SettingError, match="ags_cl is not defined for the resnet18"):
            under_scenario(benchmark, scenario, AGSCL, benchmark.budgets["smoke"])
    under_scenario(benchmark, "task-il", NaiveBaseline, benchmark.budgets["smoke"])
