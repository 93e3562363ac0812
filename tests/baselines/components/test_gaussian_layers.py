"""Gaussian layers against weights that are drawn one by one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from baselines.components.gaussian_layers import (
    GaussianConv2d,
    GaussianLayer,
    GaussianLinear,
    gaussian_weights,
    with_gaussian_weights,
)
from baselines.components.per_task import HeadPerTask
from baselines.context import Context

LAYERS: dict[str, Callable[[], tuple[GaussianLayer, Tensor]]] = {
    "linear": lambda: (GaussianLinear(nn.Linear(6, 3), 0.5, 2.0), torch.randn(1, 6)),
    "convolution": lambda: (
        GaussianConv2d(nn.Conv2d(2, 3, 3, stride=2, padding=1, bias=False), 0.5, 2.0),
        torch.randn(1, 2, 5, 5),
    ),
}


def plain(layer: GaussianLayer, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The output of the same layer with other weights and no variance."""
    values = {"weight": weight} | ({} if bias is None else {"bias": bias})
    found: Tensor = torch.func.functional_call(layer.eval(), values, (x,))
    return found


@pytest.mark.parametrize("kind", LAYERS)
def test_outputs_have_the_moments_that_drawn_weights_give_them(kind: str) -> None:
    torch.manual_seed(0)
    layer, x = LAYERS[kind]()
    parameters = {name: own for name, _, own in gaussian_weights(layer)}
    for own in parameters.values():  # another variance for each weight
        own.data += torch.randn_like(own) / 2
    draws = 20_000
    with torch.no_grad():
        ours = layer.train()(x.expand(draws, *x.shape[1:]))
        outputs = []
        for _ in range(3000):
            drawn = {
                name: means + (layer.variance_rate * own / 2).exp() * torch.randn_like(means)
                for name, means, own in gaussian_weights(layer)
            }
            outputs.append(plain(layer, x, drawn["weight"], drawn.get("bias"))[0])
        slow = torch.stack(outputs)
    scale = slow.std(0)
    assert ((ours.mean(0) - slow.mean(0)).abs() / scale).max() < 0.1
    assert ((ours.std(0) / scale) - 1).abs().max() < 0.08


@pytest.mark.parametrize("kind", LAYERS)
def test_predictions_are_those_of_the_means(kind: str) -> None:
    layer, x = LAYERS[kind]()
    assert torch.equal(layer.eval()(x), plain(layer, x, layer.weight, layer.bias))


def test_a_unit_without_any_input_has_gradients() -> None:
    layer, _ = LAYERS["linear"]()
    layer.train()(torch.zeros(4, 6)).sum().backward()
    for _, means, parameters in gaussian_weights(layer):
        assert means.grad is not None
        assert parameters.grad is not None
        assert parameters.grad.isfinite().all()


def test_a_network_keeps_its_weights_as_means_and_draws_nothing(context: Context) -> None:
    state = torch.get_rng_state()
    before = context.network()
    torch.set_rng_state(state)
    made = with_gaussian_weights(context.network(), 0.5, 1.0)
    assert [
        k for k, v in before.state_dict().items() if not torch.equal(v, made.state_dict()[k])
    ] == []
    layers = [layer for layer in made.modules() if isinstance(layer, GaussianLinear)]
    assert len(layers) == 4
    for layer in layers:
        expected = 2 * math.log(0.5 * float(layer.weight.std()))
        for value in layer.weight_variance_parameter.flatten().tolist():
            assert value == pytest.approx(expected, rel=1e-5)


def test_a_head_for_a_new_task_begins_with_variances_of_its_own(context: Context) -> None:
    model = with_gaussian_weights(replace(context, head="per-task").model(), 0.5, 1.0)
    [heads] = [module for module in model.modules() if isinstance(module, HeadPerTask)]
    first = heads.copies[0]
    assert isinstance(first, GaussianLinear)
    first.weight_variance_parameter.data.fill_(3)
    fresh = heads.fresh()
    assert isinstance(fresh, GaussianLinear)
    assert fresh.weight_variance_parameter.max() < 0
    assert not torch.equal(fresh.weight, first.weight)


def test_several_outputs_are_drawn_for_each_input_by_the_first_layer_alone() -> None:
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2))
    model = with_gaussian_weights(plain, 0.5, 1.0, draws=3000).train()
    x = torch.randn(5, 6)
    [first, _] = [layer for layer in model.modules() if isinstance(layer, GaussianLinear)]
    assert first.bias_variance_parameter is not None
    drawn = first(x).view(3000, 5, 4)
    variance = nn.functional.linear(
        x.square(), first.weight_variance_parameter.exp(), first.bias_variance_parameter.exp()
    )
    mean = nn.functional.linear(x, first.weight, first.bias)
    assert ((drawn.mean(0) - mean).abs() < 5 * (variance / 3000).sqrt()).all()
    assert torch.allclose(drawn.var(0), variance, rtol=0.2)
    assert model(x).shape == (15_000, 2)
    assert model.eval()(x).shape == (5, 2)
