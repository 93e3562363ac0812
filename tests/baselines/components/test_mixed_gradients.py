"""MEGA-II's angle against a search of all of them, and its rotation against its definition."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from baselines.components.mixed_gradients import rotate, rotation_angle
from baselines.context import Context
from baselines.mega import MEGA
from harness.data.streams import Stream

losses = st.floats(0, 20, allow_subnormal=False)


@settings(max_examples=60, deadline=None)
@given(between=st.floats(0.01, math.pi - 0.01), loss=losses, reference_loss=losses)
def test_no_angle_of_all_those_allowed_is_better(
    between: float, loss: float, reference_loss: float
) -> None:
    angles = torch.linspace(0, math.pi / 2, 2001, dtype=torch.float64)
    values = loss * angles.cos() + reference_loss * (between - angles).cos()
    given_ = (torch.tensor(value, dtype=torch.float64) for value in (between, loss, reference_loss))
    found = rotation_angle(*given_)
    assert 0 <= float(found) <= math.pi / 2
    assert float(found) <= between + 1e-9 or loss == reference_loss == 0
    reached = loss * found.cos() + reference_loss * (between - found).cos()
    assert float(reached) >= float(values.max()) - 1e-9


def rotated(gradient: Tensor, reference: Tensor, loss: float, reference_loss: float) -> Tensor:
    """Two weights, of three and of six numbers."""
    parts = torch.tensor_split(gradient, (3,))
    weights = {str(number): nn.Parameter(torch.zeros_like(p)) for number, p in enumerate(parts)}
    for part, weight in zip(parts, weights.values(), strict=True):
        weight.grad = part.clone()
    named = dict(zip(weights, torch.tensor_split(reference, (3,)), strict=True))
    rotate(weights, named, torch.tensor(loss), torch.tensor(reference_loss))
    return torch.cat([weight.grad for weight in weights.values() if weight.grad is not None])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), loss=st.floats(0.01, 5), reference_loss=st.floats(0.01, 5))
def test_the_gradient_keeps_its_length_and_solves_the_publications_equations(
    seed: int, loss: float, reference_loss: float
) -> None:
    generator = torch.Generator().manual_seed(seed)
    gradient, reference = torch.randn(2, 9, generator=generator, dtype=torch.float64)
    found = rotated(gradient, reference, loss, reference_loss)
    lengths = gradient.norm() * reference.norm()
    between = torch.arccos(gradient @ reference / lengths)
    angle = rotation_angle(between, torch.tensor(loss), torch.tensor(reference_loss))
    assert float(found.norm()) == pytest.approx(float(gradient.norm()), rel=1e-6)
    expected = gradient.square().sum() * angle.cos()
    assert float(gradient @ found) == pytest.approx(float(expected), rel=1e-5, abs=1e-8)
    expected = lengths * (between - angle).cos()
    assert float(reference @ found) == pytest.approx(float(expected), rel=1e-5, abs=1e-8)


def test_without_a_loss_of_stored_examples_it_stays_and_without_another_it_is_theirs() -> None:
    gradient, reference = torch.eye(9, dtype=torch.float64)[:2]
    assert torch.allclose(rotated(gradient, reference, 1.0, 0.0), gradient)
    assert torch.allclose(rotated(gradient, reference, 0.0, 1.0), reference, atol=1e-12)


@pytest.mark.parametrize("factor", [2.0, -2.0, 0.0])
def test_parallel_gradients_span_no_plane(factor: float) -> None:
    gradient = torch.arange(9.0, dtype=torch.float64)
    assert torch.equal(rotated(gradient, factor * gradient, 1.0, 1.0), gradient)


def test_fine_tuning_that_forgets_everything_keeps_most_with_it(
    context: Context, stream: Stream
) -> None:
    """Among all ten classes."""
    torch.manual_seed(0)
    strategy = MEGA(per_task=40).build(context)
    for experience in stream.experiences[:2]:
        strategy.train(experience, reset_optimizer_state=True)
    x, y = stream.test[0].inputs(), stream.test[0].images.labels
    with torch.no_grad():
        answers = strategy.model.eval()(x).argmax(1)
    assert (answers == y).float().mean() > 0.5
