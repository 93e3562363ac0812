"""HAT against the equations of Serra et al. 2018 and what the publication reports."""

import math

import pytest
import torch
from torch import nn

from baselines.components.attention import AttentionNetwork, spread
from baselines.components.gate import Gate
from baselines.registry import methods
from harness.training.networks import cifar_cnn, mlp, resnet18


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


class Spy:
    """Notes the loss and the gradients before or after HAT's plugin has its turn."""

    def __init__(self):
        self.losses, self.gradients = [], []

    def before_backward(self, strategy, **kwargs):
        self.losses.append(float(strategy.loss))

    def before_update(self, strategy, **kwargs):
        model = strategy.model
        weights = [layer.weight.grad.clone() for layer, _, _ in model.gated]
        self.gradients.append((weights, [gate.embedding.grad.clone() for gate in model.gates]))


def test_a_step_follows_equations_3_5_and_6(context, stream):
    torch.manual_seed(0)
    strategy = methods()["hat"](learning_rate=0.2, lamb=2.0).build(context)
    strategy.train(stream.experiences[0], reset_optimizer_state=True)
    model, before, after, states = strategy.model, Spy(), Spy(), []

    class State:
        def before_forward(self, strategy, **kwargs):
            states.append([(gate.scale, gate.embedding.detach().clone()) for gate in model.gates])

    strategy.plugins.insert(0, before)
    strategy.plugins += [after, State()]
    strategy.train(stream.experiences[1], reset_optimizer_state=True)
    first = [gate.finished[0] for gate in model.gates]
    free = sum(float((1 - gates).sum()) for gates in first)
    for step, state in enumerate(states):
        pairs = [(torch.sigmoid(s * e), gates) for (s, e), gates in zip(state, first, strict=True)]
        used = sum(float((now * (1 - gates)).sum()) for now, gates in pairs)
        added = after.losses[step] - before.losses[step]
        assert added == pytest.approx(2.0 * used / free, rel=1e-3, abs=1e-5)  # Equation 5
        (weights, embeddings), (shielded, undone) = before.gradients[step], after.gradients[step]
        for found, gradient, (s, e) in zip(undone, embeddings, state, strict=True):
            steep = ((s * e).clamp(-50, 50).cosh() + 1) / (e.cosh() + 1)
            torch.testing.assert_close(found, gradient * 400.0 / s * steep)  # Equation 6
        outputs, inputs = first[1][:, None], first[0][None]
        kept = 1 - torch.minimum(outputs, inputs)
        torch.testing.assert_close(shielded[1], weights[1] * kept)  # Equation 3


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
    straight = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    with pytest.raises(ValueError, match="ReLU between layer 1"):
        AttentionNetwork(straight, 400)
    with pytest.raises(ValueError, match="ReLU between layer 2"):
        AttentionNetwork(nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2)), 400)
    twice = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.ReLU(), nn.Linear(2, 2))
    with pytest.raises(ValueError, match="right before ReLU 2"):
        AttentionNetwork(twice, 400)


def test_gates_follow_activations():
    network = AttentionNetwork(mlp(10), 400)
    assert [type(layer).__name__ for layer in network.body][1:5] == [
        "Linear",
        "TaskBatchNorm",
        "ReLU",
        "Gate",
    ]
    assert len(network.gates) == len(network.gated) == 3


@pytest.mark.parametrize("backbone", [cifar_cnn, resnet18])
def test_closed_units_of_a_convolutional_network_change_nothing(backbone):
    """Whatever is done to weights that the first task's gates shield, its answers stay."""
    torch.manual_seed(0)
    model = AttentionNetwork(backbone(5), smax=400.0)
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
    layers = [m for m in model.body.modules() if isinstance(m, nn.Conv2d)]
    gated = {layer for layer, _, _ in model.gated}
    assert set(layers) <= gated
    with torch.no_grad():
        for layer, inputs, outputs in model.gated:
            opened = outputs.cumulative()[None]
            fed = torch.ones_like(opened[:, :1]) if inputs is None else inputs.cumulative()[None]
            free = 1 - spread(opened, fed, layer.weight)[0]
            layer.weight += free * torch.randn_like(layer.weight)
    assert torch.allclose(model.forward_task(x, 0), before, atol=1e-5)
    masks = model.masks()
    assert len(masks) == len(model.gated) + 1
    assert all(0 < mask.float().mean() < 1 for mask in masks.values())


def test_a_network_that_cannot_be_gated_is_named():
    with pytest.raises(ValueError, match="ModuleList"):
        AttentionNetwork(nn.ModuleList([nn.Linear(2, 2)]), 400.0)
    with pytest.raises(ValueError, match="layer 1 \\(PReLU\\)"):
        AttentionNetwork(nn.Sequential(nn.Linear(2, 2), nn.PReLU(), nn.Linear(2, 2)), 400.0)


def test_a_saved_network_predicts_the_same_bits(strategy, stream):
    for experience in stream.experiences[:2]:
        strategy.train(experience, reset_optimizer_state=True)
    fresh = AttentionNetwork(mlp(10), smax=400.0)
    fresh.load_state_dict(strategy.model.state_dict())
    fresh.eval()
    strategy.model.eval()
    x = stream.test[0].inputs()[:20]
    assert torch.equal(fresh.logits_per_task(x), strategy.model.logits_per_task(x))
