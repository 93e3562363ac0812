"""GPM: bases against a singular value decomposition, and steps against the bases."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any, Literal

import pytest
import torch
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from baselines.components.gradient_projection_memory import (
    GradientProjectionMemoryPlugin,
    extended,
    outside,
    protected_layers,
)
from baselines.context import Context
from baselines.gpm import GradientProjectionMemory
from harness.data.streams import Stream

PAIRS = tuple((2 * task, 2 * task + 1) for task in range(5))


def share_held(basis: Tensor, inputs: Tensor) -> float:
    """Of the inputs' energy, inputs (n, d), by a basis (d, k)."""
    return float((inputs @ basis.double()).square().sum() / inputs.square().sum())


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), share=st.floats(0.05, 0.999))
def test_a_basis_holds_the_share_with_the_fewest_directions(seed: int, share: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    scales = torch.rand(8, generator=generator, dtype=torch.float64) ** 3 + 0.01
    first, second = torch.randn(2, 40, 8, generator=generator, dtype=torch.float64) * scales
    second = second.roll(3, dims=1)
    basis = extended(torch.zeros(8, 0), first.T @ first, share)
    energies = torch.linalg.svdvals(first).square()
    fewest = int((energies.cumsum(0) < share * energies.sum()).sum()) + 1
    assert basis.shape == (8, fewest)
    both = extended(basis, second.T @ second, share)
    assert torch.equal(both[:, :fewest], basis)
    assert torch.allclose(both.T @ both, torch.eye(both.shape[1]), atol=1e-5)
    assert share_held(both, second) >= share - 1e-6
    if both.shape[1] > fewest:
        assert share_held(both[:, :-1], second) < share + 1e-6


def test_nothing_is_added_where_the_share_is_held_and_never_more_than_there_are() -> None:
    products = torch.diag(torch.tensor([1.0, 2, 0], dtype=torch.float64))
    basis = extended(torch.zeros(3, 0), products, 1.0)
    assert basis.shape == (3, 2)
    assert torch.equal(extended(basis, products, 1.0), basis)


def test_what_is_outside_is_orthogonal_to_the_basis() -> None:
    weight = torch.randn(4, 2, 3, 3)
    basis = torch.linalg.qr(torch.randn(18, 5)).Q
    rest = outside(weight, basis)
    assert rest.shape == weight.shape
    assert (rest.flatten(1) @ basis).abs().max() < 1e-5
    assert torch.allclose(outside(rest, basis), rest, atol=1e-5)


class Steps(SupervisedPlugin):
    """The largest part along its layer's basis of any step, over the length of the step."""

    def __init__(self) -> None:
        super().__init__()
        self.along = 0.0
        self.counted = 0

    def before_update(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        layers = protected_layers(strategy)
        self.before = {name: layer.weight.detach().clone() for name, layer in layers.items()}

    def after_update(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        [plugin] = [p for p in strategy.plugins if isinstance(p, GradientProjectionMemoryPlugin)]
        for name, layer in protected_layers(strategy).items():
            if name in plugin.bases:
                step = (layer.weight.detach() - self.before[name]).flatten(1)
                along = (step @ plugin.bases[name]).norm() / step.norm()
                self.along = max(self.along, float(along))
                self.counted += 1


def small_cnn() -> nn.Sequential:
    torch.manual_seed(0)
    layers = [nn.Conv2d(1, 4, 5, stride=2, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * 13 * 13, 10, bias=False))


@pytest.mark.parametrize("network", ["mlp", "cnn"])
def test_steps_are_orthogonal_to_the_bases(
    network: Literal["mlp", "cnn"], context: Context, stream: Stream
) -> None:
    if network == "cnn":
        context = replace(context, network=small_cnn)
    strategy = GradientProjectionMemory(samples=64).build(context)
    steps = Steps()
    strategy.plugins.append(steps)
    for experience in stream.experiences[:3]:
        strategy.train(experience, reset_optimizer_state=True)
    assert steps.counted == (4 if network == "mlp" else 2) * 2 * 2 * 8
    assert steps.along < 1e-3


def test_earlier_answers_stay_where_the_bases_hold_all_inputs(
    context: Context, stream: Stream
) -> None:
    """With a BatchNorm per task and everything held, old logits of the looked-at examples stay."""
    context = replace(context, norm="per-task", loss="own", task_outputs=PAIRS)
    strategy = GradientProjectionMemory(threshold=1.0, samples=256).build(context)
    strategy.train(stream.experiences[0], reset_optimizer_state=True)
    x = stream.train[0].inputs()
    before = strategy.model.eval()(x, 0).detach()
    strategy.train(stream.experiences[1], reset_optimizer_state=True)
    after = strategy.model.eval()(x, 0).detach()
    assert torch.allclose(before[:, :2], after[:, :2], atol=1e-3)
    assert not torch.equal(before[:, 2:4], after[:, 2:4])


@pytest.mark.parametrize(
    ("loss", "head", "layers"),
    [("own", "shared", 3), ("seen", "shared", 4), ("all", "shared", 4), ("all", "per-task", 3)],
)
def test_output_layers_of_a_tasks_own_are_free(
    loss: Literal["own", "seen", "all"],
    head: Literal["shared", "per-task"],
    layers: int,
    context: Context,
) -> None:
    context = replace(context, loss=loss, head=head, task_outputs=PAIRS)
    strategy = GradientProjectionMemory().build(context)
    assert len(protected_layers(strategy)) == layers


def with_biases() -> nn.Sequential:
    torch.manual_seed(0)
    hidden = [nn.Linear(784, 32), nn.BatchNorm1d(32), nn.ReLU()]
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(32, 10))


def test_what_tasks_share_and_no_projection_protects_is_learned_with_the_first(
    context: Context, stream: Stream
) -> None:
    """One BatchNorm and biases for all tasks, and everything held: no old logit moves."""
    context = replace(context, norm="shared", network=with_biases)
    strategy = GradientProjectionMemory(threshold=1.0, samples=256).build(context)
    first = {n: v.clone() for n, v in strategy.model.state_dict().items()}
    strategy.train(stream.experiences[0], reset_optimizer_state=True)
    x = stream.train[0].inputs()
    before, state = strategy.model.eval()(x).detach(), copy.deepcopy(strategy.model.state_dict())
    strategy.train(stream.experiences[1], reset_optimizer_state=True)
    after = strategy.model.eval()(x).detach()
    assert torch.allclose(before, after, atol=1e-3)
    moved = {n for n, v in strategy.model.state_dict().items() if not torch.equal(v, state[n])}
    assert moved == {"1.weight", "4.weight"}
    assert all(not torch.equal(state[n], first[n]) for n in ("1.bias", "2.weight", "4.bias"))
