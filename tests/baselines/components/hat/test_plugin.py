"""HAT's steps against the equations of Serra et al. 2018 and what the publication reports."""

import pytest
import torch
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor

from baselines.components.hat import HATNetwork, HATStrategy
from harness.data.streams import Stream

SMAX, LAMB = 400.0, 2.0


class Scales(SupervisedPlugin):
    """Records scale and embedding of each gate at the beginning of each step."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[list[tuple[float, Tensor]]] = []

    def before_forward(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        gates = strategy.model.gates
        self.steps.append([(gate.scale, gate.embedding.detach().clone()) for gate in gates])


class Gradients(SupervisedPlugin):
    """Records the loss and the gradients before or after HAT's plugin has its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[float] = []
        self.weights: list[list[Tensor]] = []
        self.embeddings: list[list[Tensor]] = []

    def before_backward(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        self.losses.append(float(strategy.loss))

    def before_update(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        model: HATNetwork = strategy.model
        weights = [gated.layer.weight.grad for gated in model.gated_layers]
        embeddings = [gate.embedding.grad for gate in model.gates]
        self.weights.append([grad.clone() for grad in weights if grad is not None])
        self.embeddings.append([grad.clone() for grad in embeddings if grad is not None])


def test_annealing_and_clamping(strategy: HATStrategy, stream: Stream) -> None:
    recorded = Scales()
    strategy.plugins.append(recorded)
    strategy.train(stream.experiences[0], reset_optimizer_state=True)
    scales = [step[0][0] for step in recorded.steps]
    batches = len(scales) // 2
    expected = [1 / SMAX + (SMAX - 1 / SMAX) * b / (batches - 1) for b in range(batches)]
    assert scales == pytest.approx(expected * 2)
    assert strategy.model.gates[0].embedding.abs().max() <= 6


def test_an_epoch_of_one_batch_anneals_to_the_end(strategy: HATStrategy, stream: Stream) -> None:
    recorded = Scales()
    strategy.plugins.append(recorded)
    strategy.train_mb_size = len(stream.experiences[0].dataset)
    strategy.train(stream.experiences[0], reset_optimizer_state=True)
    assert [step[0][0] for step in recorded.steps] == [SMAX, SMAX]


def test_a_step_follows_equations_3_5_and_6(strategy: HATStrategy, stream: Stream) -> None:
    strategy.train(stream.experiences[0], reset_optimizer_state=True)
    before, after, state = Gradients(), Gradients(), Scales()
    strategy.plugins.insert(0, before)
    strategy.plugins += [after, state]
    strategy.train(stream.experiences[1], reset_optimizer_state=True)
    first = [gate.finished[0] for gate in strategy.model.gates]
    free = sum(float((1 - gates).sum()) for gates in first)
    for step, gates_now in enumerate(state.steps):
        pairs = zip(gates_now, first, strict=True)
        used = sum(float((torch.sigmoid(s * e) * (1 - gates)).sum()) for (s, e), gates in pairs)
        added = after.losses[step] - before.losses[step]
        assert added == pytest.approx(LAMB * used / free, rel=1e-3, abs=1e-5)  # Equation 5
        compensated = zip(after.embeddings[step], before.embeddings[step], gates_now, strict=True)
        for found, gradient, (s, e) in compensated:
            steep = ((s * e).clamp(-50, 50).cosh() + 1) / (e.cosh() + 1)
            torch.testing.assert_close(found, gradient * SMAX / s * steep)  # Equation 6
        plastic = 1 - torch.minimum(first[1][:, None], first[0][None])
        shielded = before.weights[step][1] * plastic
        torch.testing.assert_close(after.weights[step][1], shielded)  # Equation 3


def test_protected_weights_hardly_move(strategy: HATStrategy, stream: Stream) -> None:
    strategy.train(stream.experiences[0], reset_optimizer_state=True)
    model = strategy.model
    layer, attention = model.gated_layers[1].layer, model.cumulative_attention()[1]
    weights = layer.weight.detach().clone()
    x = stream.test[0].inputs()
    model.eval()
    logits = model.forward_task(x, 0).detach()
    strategy.train(stream.experiences[1], reset_optimizer_state=True)
    moved = (layer.weight - weights).abs()
    assert moved[attention > 0.999].max() < 1e-3
    assert moved[attention < 0.001].max() > 1e-2
    model.eval()
    torch.testing.assert_close(model.forward_task(x, 0), logits, rtol=0.05, atol=0.05)
