"""VCL's divergence against torch.distributions, what is the prior of what, and the coreset."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest
import torch
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from baselines.components.gaussian_layers import (
    GaussianLinear,
    gaussian_weights,
    with_gaussian_weights,
)
from baselines.components.losses import OutputsSeenPlugin
from baselines.components.variational_learning import (
    CoresetPlugin,
    Gaussians,
    VariationalPlugin,
    add_divergence,
    at_most_half,
    posterior,
)
from baselines.context import Context
from baselines.vcl import VCL
from baselines.vcl_coreset import VCLCoreset
from harness.data.streams import Stream
from harness.evaluation.memory_usage import memory_usage

PAIRS = tuple((2 * task, 2 * task + 1) for task in range(5))


def network() -> nn.Sequential:
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 6))
    model = with_gaussian_weights(plain, 0.7, 3.0)
    assert isinstance(model, nn.Sequential)
    return model


def spread(layer: GaussianLinear, parameters: Tensor) -> Tensor:
    return (layer.variance_rate * parameters / 2).exp()


@pytest.mark.parametrize("counted", [None, [True, False, True, False, False, True]])
def test_the_gradient_is_that_of_the_divergence(counted: list[bool] | None) -> None:
    model = network()
    prior: dict[str, Gaussians] = {}
    divergence = torch.zeros(())
    for place, layer in model.named_modules():
        if not isinstance(layer, GaussianLinear):
            continue
        for name, means, parameters in gaussian_weights(layer):
            before = Normal(0.0, 1.0)
            if name == "weight":
                shift, log_variances = torch.randn_like(means), torch.randn_like(means)
                prior[f"{place}.{name}"] = Gaussians(shift, log_variances)
                before = Normal(shift, (log_variances / 2).exp())
            own = kl_divergence(Normal(means, spread(layer, parameters)), before)
            if place == "2" and counted is not None:
                own = own[torch.tensor(counted)]
            divergence = divergence + own.sum()
    weights = list(model.parameters())
    expected = torch.autograd.grad(0.3 * divergence, weights)
    for weight in weights:
        weight.grad = torch.zeros_like(weight)
    rows = None if counted is None else torch.tensor(counted)
    add_divergence(model, prior, 0.3, rows)
    for weight, wanted in zip(weights, expected, strict=True):
        torch.testing.assert_close(weight.grad, wanted, rtol=1e-4, atol=1e-6)


def test_a_weight_that_a_task_does_not_use_has_no_gradient() -> None:
    model = network()
    add_divergence(model, {}, 1.0, None)
    assert all(weight.grad is None for weight in model.parameters())


def test_outputs_that_do_not_count_stay_as_the_prior_has_them() -> None:
    model = network()
    counted = torch.tensor([True, True, False, False, False, False])
    first = posterior(model, {}, counted)
    first_layer, last = model[0], model[2]
    assert isinstance(first_layer, GaussianLinear)
    assert isinstance(last, GaussianLinear)
    assert torch.equal(first["2.weight"].means[:2], last.weight[:2])
    assert first["2.weight"].means[2:].abs().max() == 0
    assert first["2.weight"].log_variances[2:].abs().max() == 0
    assert torch.equal(first["0.weight"].means, first_layer.weight)
    last.weight.data += 1
    second = posterior(model, first, ~counted)
    assert torch.equal(second["2.weight"].means[:2], first["2.weight"].means[:2])
    assert torch.equal(second["2.weight"].means[2:], last.weight[2:])


def strategy_of(
    method: VCL | VCLCoreset, context: Context, loss: Literal["own", "seen", "all"] = "own"
) -> SupervisedTemplate:
    torch.manual_seed(0)
    plugins = (*context.plugins, OutputsSeenPlugin())
    outputs = () if loss == "all" else PAIRS
    return method.build(replace(context, loss=loss, task_outputs=outputs, plugins=plugins))


def the(kind: type[Any], strategy: SupervisedTemplate) -> Any:
    [found] = [plugin for plugin in strategy.plugins if isinstance(plugin, kind)]
    return found


@pytest.mark.parametrize("loss", ["own", "seen", "all"])
def test_outputs_of_other_tasks_stay_as_they_are(
    loss: Literal["own", "seen", "all"], context: Context, stream: Stream
) -> None:
    strategy = strategy_of(VCL(), context, loss)
    *_, last = [layer for layer in strategy.model.modules() if isinstance(layer, GaussianLinear)]
    fresh = last.weight.detach().clone(), last.weight_variance_parameter.detach().clone()
    strategy.train(stream.experiences[0], reset_optimizer_state=True)
    for now, before in zip((last.weight, last.weight_variance_parameter), fresh, strict=True):
        moved = (now != before).any(1).tolist()
        assert moved == ([True] * 10 if loss == "all" else [True] * 2 + [False] * 8)


class Draws(SupervisedPlugin):
    """Rows of inputs, classes and logits at each step, and of how many different ones."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[int, int, int, int]] = set()

    def before_backward(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        x, y, logits = strategy.mb_x, strategy.mb_y, strategy.mb_output
        self.found.add((len(x), len(y), len(logits), len(logits.unique(dim=0))))
        assert torch.equal(y, y[: len(x)].repeat(len(y) // len(x)))


@pytest.mark.parametrize("head", ["shared", "per-task"])
@pytest.mark.parametrize("method", [VCL(draws=3), VCLCoreset(draws=3, coreset_epochs=1)])
def test_a_step_is_on_several_draws_of_each_example(
    method: VCL | VCLCoreset, head: Literal["shared", "per-task"], context: Context, stream: Stream
) -> None:
    strategy = strategy_of(method, replace(context, head=head))
    draws = Draws()
    strategy.plugins.append(draws)
    for experience in stream.experiences[:2]:
        strategy.train(experience, reset_optimizer_state=True)
    for inputs, *rows in draws.found:
        assert rows == [3 * inputs] * 3


class Sizes(SupervisedPlugin):
    """Number of examples that each task is trained on."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[int] = []

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        self.found.append(len(strategy.dataloader.dataset))


@pytest.mark.parametrize(("per_task", "kept"), [(40, 40), (200, 128)])
def test_a_coreset_is_left_out_of_its_tasks_training(
    per_task: int, kept: int, context: Context, stream: Stream
) -> None:
    """No more than half of a task."""
    strategy = strategy_of(VCLCoreset(per_task=per_task, coreset_epochs=1), context)
    sizes = Sizes()
    strategy.plugins.append(sizes)
    for experience in stream.experiences[:2]:
        strategy.train(experience, reset_optimizer_state=True)
    assert sizes.found == [256 - kept] * 2
    assert memory_usage(strategy).examples == 2 * kept


@pytest.mark.parametrize("chosen", [[0, 1, 2, 3, 4, 5, 6, 7, 8], [8, 2, 6, 0], [7, 8], []])
def test_no_class_loses_more_than_half_to_the_coreset(chosen: list[int]) -> None:
    classes = torch.tensor([0, 0, 0, 0, 0, 1, 1, 1, 2])  # at most two of 0, one of 1, none of 2
    kept = at_most_half(classes, chosen)
    assert kept == [one for one in chosen if one in kept]  # in their order
    for label, most in ((0, 2), (1, 1), (2, 0)):
        own = [one for one in chosen if classes[one] == label]
        assert [one for one in kept if classes[one] == label] == own[:most]


def test_a_coreset_of_each_class_leaves_every_class_to_be_learned(
    context: Context, stream: Stream
) -> None:
    strategy = strategy_of(VCLCoreset(per_class=200, coreset_epochs=1), context)
    task = stream.experiences[0].dataset
    strategy.train(stream.experiences[0])
    [memory] = [one for one in strategy.plugins if isinstance(one, CoresetPlugin)]
    [kept] = memory.kept
    for label in set(task.targets):
        assert list(kept.targets).count(label) == list(task.targets).count(label) // 2


def test_what_the_coreset_teaches_is_not_handed_on(context: Context, stream: Stream) -> None:
    """The posteriors that tasks begin with are the same however long the coreset is trained on."""
    priors, states = [], []
    for epochs in (0, 3):
        strategy = strategy_of(VCLCoreset(per_task=40, coreset_epochs=epochs), context)
        for task, experience in enumerate(stream.experiences[:2]):
            torch.manual_seed(task)  # training on the coreset draws as well
            strategy.train(experience, reset_optimizer_state=True)
            propagated = the(CoresetPlugin, strategy).propagated
            now = strategy.model.state_dict()
            moved = [
                name for name, value in propagated.items() if not torch.equal(value, now[name])
            ]
            assert bool(moved) == bool(epochs)
            states.append(dict(propagated))
        priors.append(the(VariationalPlugin, strategy).prior)
    for one, other in zip(states[:2], states[2:], strict=True):
        assert [name for name, value in one.items() if not torch.equal(value, other[name])] == []
    for name, one in priors[0].items():
        assert torch.equal(one.means, priors[1][name].means)
