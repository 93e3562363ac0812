"""HAT against the equations of Serra et al. 2018 and what the publication reports."""

import math

import pytest
import torch
from torch import nn

from baselines.components.attention import AttentionNetwork, Gate, spread
from baselines.registry import methods
from harness.networks import mlp


@pytest.fixture
def strategy(context):
    torch.manual_seed(0)
    return methods()["hat"](learning_rate=0.2).build(context)


def test_gates_by_hand():
    gate = Gate(3, smax=4.0)
    gate.embedding.data = torch.tensor([0.0, 1.0, -1.0])
    expected = [1 / (1 + math.exp(-4 * e)) for e in (0, 1, -1)]
    torch.testing.assert_close(gate.gates(), torch.tensor(expected))
    assert gate.cumulative().tolist() == [0, 0, 0]
    gate.finish_task()
    gate.embedding.data = torch.tensor([1.0, -1.0, -1.0])
    gate.finish_task()
    largest = [expected[1], expected[1], expected[2]]
    torch.testing.assert_close(gate.cumulative(), torch.tensor(largest))


def test_spread_takes_the_smaller_of_both_units():
    outputs, inputs = torch.tensor([[0.9, 0.2]]), torch.tensor([[0.5, 1.0]])
    values = spread(outputs, inputs, torch.empty(2, 4))  # each input unit feeds two inputs
    expected = [[[0.5, 0.5, 0.9, 0.9], [0.2, 0.2, 0.2, 0.2]]]
    torch.testing.assert_close(values, torch.tensor(expected))
    assert spread(outputs, inputs, torch.empty(2, 2, 3, 3)).shape == (1, 2, 2, 3, 3)


def test_annealing_and_clamping(strategy, stream):
    scales = []
    gate = strategy.model.gates[0]

    class Watch:
        def before_forward(self, strategy, **kwargs):
            scales.append(gate.scale)

    strategy.plugins.append(Watch())
    strategy.train(stream.experiences[0], reset_optimizer_state=True)
    batches = len(scales) // 2
    smax = 400.0
    expected = [1 / smax + (smax - 1 / smax) * b / (batches - 1) for b in range(batches)]
    assert scales == pytest.approx(expected * 2)
    assert gate.embedding.abs().max() <= 6


def test_protected_weights_hardly_move(strategy, stream):
    strategy.train(stream.experiences[0], reset_optimizer_state=True)
    model = strategy.model
    layer, before, after = model.gated[1]
    taken = spread(after.cumulative()[None], before.cumulative()[None], layer.weight)[0]
    weights = layer.weight.detach().clone()
    x = stream.test[0].inputs()
    model.eval()
    logits = model.forward_task(x, 0).detach()
    strategy.train(stream.experiences[1], reset_optimizer_state=True)
    moved = (layer.weight - weights).abs()
    assert moved[taken > 0.999].max() < 1e-3
    assert moved[taken < 0.001].max() > 1e-2
    model.eval()
    torch.testing.assert_close(model.forward_task(x, 0), logits, rtol=0.05, atol=0.05)


def test_what_cannot_be_gated_is_named():
    with pytest.raises(ValueError, match="1 \\(LayerNorm"):
        AttentionNetwork(nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2), nn.Linear(2, 2)), 400)
    with pytest.raises(ValueError, match="Linear layer at the end"):
        AttentionNetwork(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), 400)


def test_gates_follow_activations():
    network = AttentionNetwork(mlp(10), 400)
    assert [type(layer).__name__ for layer in network.body][1:5] == [
        "Linear",
        "TaskBatchNorm",
        "ReLU",
        "Gate",
    ]
    assert len(network.gates) == len(network.gated) == 3
