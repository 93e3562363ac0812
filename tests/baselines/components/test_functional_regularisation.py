"""FROMP: curvature, memorable points and the distance of predictions, each against a slow way."""

from __future__ import annotations

import copy
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Literal

import pytest
import torch
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import nn

from baselines.components.functional_regularisation import (
    FunctionalRegularisationPlugin,
    FunctionPrior,
)
from baselines.components.losses import OutputsSeenPlugin
from baselines.context import Context
from baselines.fromp import FunctionalRegularisation
from harness.data.streams import Stream


def small() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 5), nn.Tanh(), nn.Linear(5, 10))


@pytest.fixture
def learned(context: Context, stream: Stream) -> SupervisedTemplate:
    """One task learned by a small network."""
    strategy = FunctionalRegularisation(per_task=6).build(replace(context, network=small))
    strategy.train(stream.experiences[0], reset_optimizer_state=True)
    return strategy


def plugin_of(strategy: SupervisedTemplate) -> FunctionalRegularisationPlugin:
    [found] = [p for p in strategy.plugins if isinstance(p, FunctionalRegularisationPlugin)]
    return found


def test_curvature_is_the_gauss_newton_diagonal_of_all_examples(
    learned: SupervisedTemplate, stream: Stream
) -> None:
    model = learned.model.eval()
    x = torch.stack([one[0] for one in stream.experiences[0].dataset])
    weight = model[3].weight
    expected = torch.zeros_like(weight)
    for example in x:
        logits = model(example[None])[0]
        p = logits.softmax(0).detach()
        rows = torch.stack(
            [torch.autograd.grad(one, weight, retain_graph=True)[0] for one in logits]
        ).flatten(1)
        hessian = torch.diag(p) - p[:, None] * p
        expected += torch.einsum("ci,cd,di->i", rows, hessian, rows).view_as(weight)
    assert torch.allclose(plugin_of(learned).fisher["3.weight"], expected, rtol=1e-3, atol=1e-5)


def test_an_example_that_is_shown_several_times_counts_once(
    learned: SupervisedTemplate, stream: Stream
) -> None:
    plugin = plugin_of(learned)
    before = {name: own.clone() for name, own in plugin.fisher.items()}
    dataset = stream.experiences[0].dataset
    numbers = range(len(dataset))
    learned.experience = SimpleNamespace(dataset=dataset.subset([*numbers, *numbers]))
    plugin._add_curvature(learned)
    for name, own in before.items():
        assert torch.allclose(plugin.fisher[name], 2 * own)


def test_memorable_are_the_examples_of_which_the_network_is_least_sure(
    learned: SupervisedTemplate, stream: Stream
) -> None:
    model = learned.model.eval()
    dataset = stream.experiences[0].dataset
    x, y = torch.stack([one[0] for one in dataset]), torch.tensor(list(dataset.targets))
    p = model(x).softmax(1)
    unsure = (p * (1 - p)).sum(1)
    [kept] = plugin_of(learned).kept
    for label in (0, 1):
        own = unsure[y == label].sort(descending=True).values[:3]
        chosen = torch.stack([one[0] for one in kept if one[1] == label])
        q = model(chosen).softmax(1)
        assert torch.allclose((q * (1 - q)).sum(1), own, atol=1e-5)


def test_distance_by_hand() -> None:
    prior = FunctionPrior(
        outputs=torch.tensor([1]),
        means=torch.tensor([[0.5, 0.25]]),
        precisions=torch.tensor([[[2.0, 1.0], [1.0, 4.0]]]),
    )
    probabilities = torch.tensor([[0.4, 0.6, 0.0], [0.25, 0.05, 0.7]])
    # differences 0.1 and -0.2: (2 * 0.01 - 2 * 0.02 + 4 * 0.04) / 2
    assert prior.distance(probabilities).item() == pytest.approx(0.07)


def test_predictions_are_held_to_what_they_were_before_the_task(
    learned: SupervisedTemplate, stream: Stream
) -> None:
    points = torch.stack([one[0] for one in plugin_of(learned).kept[0]])
    before = learned.model.eval()(points).softmax(1).detach()
    moved = []
    for tau in (0.0, 1e6):
        strategy = copy.deepcopy(learned)
        strategy.train_epochs = 10
        plugin_of(strategy).tau = tau
        strategy.train(stream.experiences[1], reset_optimizer_state=True)
        after = strategy.model.eval()(points).softmax(1)
        moved.append((after - before).abs().max().item())
    free, held = moved
    assert held < free / 3


class FirstStep(SupervisedPlugin):
    """The regulariser's share of the loss in a task's first step, and the largest gradient norm."""

    def __init__(self) -> None:
        super().__init__()
        self.added: list[float] = []
        self.norms: list[float] = []

    def before_backward(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        if strategy.clock.train_exp_iterations == 0:
            task = strategy._criterion(strategy.mb_output, strategy.mb_y)
            self.added.append((strategy.loss - task).item())

    def after_update(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        squares = [p.grad.square().sum() for p in strategy.model.parameters() if p.grad is not None]
        self.norms.append(torch.stack(squares).sum().sqrt().item())


@pytest.mark.parametrize("loss", ["seen", "all"])
def test_what_is_held_is_what_the_network_computes_when_the_task_begins(
    loss: Literal["seen", "all"], context: Context, stream: Stream
) -> None:
    """Nothing has moved before the first step, whichever classes have come since."""
    pairs = tuple((2 * task, 2 * task + 1) for task in range(5))
    plugins = (*context.plugins, OutputsSeenPlugin())
    context = replace(context, network=small, loss=loss, task_outputs=pairs, plugins=plugins)
    strategy = FunctionalRegularisation(per_task=6, tau=1e3, clip_norm=0.5).build(context)
    first = FirstStep()
    strategy.plugins.append(first)
    for experience in stream.experiences[:3]:
        strategy.train(experience, reset_optimizer_state=True)
    assert first.added == pytest.approx([0, 0, 0], abs=1e-3)
    free = len(first.norms) // 3  # the first task, where nothing is held
    assert max(first.norms[:free]) > 0.5
    assert max(first.norms[free:]) <= 0.5001


def normalised() -> nn.Module:
    torch.manual_seed(0)
    hidden = [nn.Linear(784, 5), nn.BatchNorm1d(5), nn.Tanh()]
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(5, 10))


@pytest.mark.parametrize("tau", [0.0, 1.0])
def test_a_batch_norm_that_tasks_share_is_learned_with_the_first(
    tau: float, context: Context, stream: Stream
) -> None:
    """Its statistics too; at strength 0, where nothing is held, it goes on as in fine-tuning."""
    method = FunctionalRegularisation(per_task=6, tau=tau)
    strategy = method.build(replace(context, network=normalised))
    norm = strategy.model[2]
    states = []
    for experience in stream.experiences[:3]:
        strategy.train(experience, reset_optimizer_state=True)
        states.append({name: value.clone() for name, value in norm.state_dict().items()})
    assert not torch.equal(states[0]["weight"], torch.ones(5))
    for later in states[1:]:
        same = [torch.equal(value, later[name]) for name, value in states[0].items()]
        assert all(same) if tau else not any(same)
