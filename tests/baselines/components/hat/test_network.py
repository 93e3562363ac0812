"""Networks with gates: closed units change nothing, and what is saved is what is loaded."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from baselines.components.hat import HATNetwork, HATStrategy
from baselines.components.hat.network import attention_per_weight
from harness.data.streams import Stream
from harness.training.networks import cifar_cnn, mlp, resnet18


def test_attention_to_a_weight_is_the_smaller_of_both_units() -> None:
    outputs, inputs = torch.tensor([[0.9, 0.2]]), torch.tensor([[0.5, 1.0]])
    values = attention_per_weight(outputs, inputs, torch.empty(2, 4))  # a unit has two inputs
    expected = [[[0.5, 0.5, 0.9, 0.9], [0.2, 0.2, 0.2, 0.2]]]
    torch.testing.assert_close(values, torch.tensor(expected))
    kernel = torch.empty(2, 2, 3, 3)
    assert attention_per_weight(outputs, inputs, kernel).shape == (1, 2, 2, 3, 3)


@pytest.mark.parametrize("backbone", [cifar_cnn, resnet18])
def test_closed_units_of_a_convolutional_network_change_nothing(
    backbone: Callable[[int], nn.Module],
) -> None:
    """Whatever is done to weights that the first task's gates shield, its logits stay."""
    torch.manual_seed(0)
    model = HATNetwork(backbone(5), smax=400.0)
    x = torch.rand(3, 3, 32, 32)
    model.begin_task(0, range(5))
    for gate in model.gates:
        gate.embedding.data = torch.where(torch.rand_like(gate.embedding) < 0.5, 6.0, -6.0)
    model.train()
    model(x)  # BatchNorm has seen something
    model.finish_task()
    model.eval()
    before = model.forward_task(x, 0)
    assert before.abs().sum() > 0
    with torch.no_grad():
        for gated, attention in zip(model.gated_layers, model.cumulative_attention(), strict=True):
            gated.layer.weight += (1 - attention) * torch.randn_like(gated.layer.weight)
    assert torch.allclose(model.forward_task(x, 0), before, atol=1e-5)
    masks = model.masks()
    assert len(masks) == len(model.gated_layers) + 1
    assert all(0 < mask.float().mean() < 1 for mask in masks.values())
    for gated, attention in zip(model.gated_layers, model.cumulative_attention(), strict=True):
        (name,) = (name for name, layer in model.body.named_modules() if layer is gated.layer)
        assert torch.equal(masks[name][0], attention > 0.5)


def test_a_saved_network_predicts_the_same_bits(strategy: HATStrategy, stream: Stream) -> None:
    for experience in stream.experiences[:2]:
        strategy.train(experience, reset_optimizer_state=True)
    loaded = HATNetwork(mlp(10), smax=400.0)
    loaded.load_state_dict(strategy.model.state_dict())
    loaded.eval()
    strategy.model.eval()
    x = stream.test[0].inputs()[:20]
    assert torch.equal(loaded.logits_per_task(x), strategy.model.logits_per_task(x))
