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
