"""Negative samples: what they are, and what the step towards no output on them achieves."""

from collections.abc import Sequence
from typing import Literal

import pytest
import torch
from avalanche.benchmarks import DatasetExperience
from avalanche.training.plugins import EvaluationPlugin
from torch import Tensor, nn

from harness.training.networks import mlp
from rmn import RMN, RMNPlugin, convert
from rmn.negative_samples import (
    NEGATIVE_SAMPLES,
    frozen_batch_norm,
    gaussian_noise,
    shuffle_values,
)


def test_shuffled_inputs_keep_their_values() -> None:
    x = torch.rand(6, 2, 3, 4)
    y = shuffle_values(x)
    assert y.shape == x.shape
    assert torch.equal(y.flatten(1).sort(1).values, x.flatten(1).sort(1).values)
    assert not torch.equal(x, y)
    orders = [one.flatten().argsort().argsort() for one in (x, y)]
    assert not torch.equal(*orders)


def test_shuffled_tokens_keep_their_values() -> None:
    x = torch.arange(40).view(2, 20)
    y = shuffle_values(x)
    assert y.dtype == x.dtype
    assert torch.equal(y.sort(1).values, x)
    assert not torch.equal(x, y)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_orders_are_drawn_in_the_type_of_the_inputs(dtype: torch.dtype) -> None:
    x = torch.randn(3, 2, 4).to(dtype)
    torch.manual_seed(0)
    found = shuffle_values(x)
    torch.manual_seed(0)
    orders = torch.rand(3, 8, dtype=dtype).argsort(1)
    assert torch.equal(found.flatten(1), x.flatten(1).gather(1, orders))


def test_there_is_no_noise_of_tokens() -> None:
    with pytest.raises(ValueError, match=r'(?s)torch\.int64.*use negative_samples="shuffled"'):
        gaussian_noise(torch.zeros(2, 3, dtype=torch.int64))


def test_noise_is_standard() -> None:
    z = gaussian_noise(torch.zeros(100, 1, 10, 10))
    assert abs(float(z.mean())) < 0.05
    assert abs(float(z.std()) - 1) < 0.05


def test_batch_norm_is_frozen_inside_the_context_alone() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Dropout())
    norm = model[1]
    assert isinstance(norm, nn.BatchNorm1d)
    assert norm.running_mean is not None
    x = 5 + torch.randn(8, 4)
    with frozen_batch_norm(model):
        model(x)
        assert not norm.running_mean.any()
        assert model[2].training
    model(x)
    assert norm.running_mean.any()


def test_a_batch_norm_that_is_kept_in_evaluation_mode_stays_in_it() -> None:
    model = nn.Sequential(nn.BatchNorm1d(3), nn.BatchNorm1d(3))
    model[0].eval()
    with frozen_batch_norm(model):
        assert not model[1].training
    assert [norm.training for norm in model] == [False, True]


@pytest.mark.parametrize("kind", ["noise", "shuffled"])
def test_masks_have_less_output_on_negative_samples(
    kind: Literal["noise", "shuffled"],
    experiences: Sequence[DatasetExperience],
    test_sets: list[tuple[Tensor, Tensor]],
) -> None:
    x, y = test_sets[0]
    size = {}
    for weight in (0.0, 0.1):
        torch.manual_seed(0)
        model = convert(mlp(10))
        strategy = RMN(
            model=model,
            optimizer=torch.optim.Adam(model.parameters(), lr=2e-3),
            rmn=RMNPlugin(negative_loss_weight=weight, negative_samples=kind),
            train_mb_size=32,
            train_epochs=4,
            evaluator=EvaluationPlugin(),
        )
        strategy.train(experiences[0])
        model.eval()
        with torch.no_grad():
            samples = NEGATIVE_SAMPLES[kind](x)
            size[weight] = float(model.forward_task(samples, 0).square().mean())
            predicted = model.forward_task(x, 0).argmax(1)
        assert (predicted == y).float().mean() > 0.9
    assert size[0.1] < size[0.0] / 2
