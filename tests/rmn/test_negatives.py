"""Negatives: what they are, and what the step towards no output on them leaves alone."""

import pytest
import torch

from harness.training.networks import mlp
from rmn import RMN, RMNPlugin, convert
from rmn.negative_samples import NEGATIVES, noise, shuffled


def test_shuffled_inputs_keep_their_values():
    x = torch.rand(6, 2, 3, 4)
    y = shuffled(x)
    assert y.shape == x.shape
    assert torch.equal(y.flatten(1).sort(1).values, x.flatten(1).sort(1).values)
    assert not torch.equal(x, y)


def test_noise_is_standard():
    z = noise(torch.zeros(100, 1, 10, 10))
    assert abs(float(z.mean())) < 0.05
    assert abs(float(z.std()) - 1) < 0.05


@pytest.mark.parametrize("negatives", NEGATIVES)
def test_masks_are_quieter_on_negatives(negatives, stream):
    loudness = {}
    for weight in (0.0, 0.1):
        torch.manual_seed(0)
        model = convert(mlp(10))
        strategy = RMN(
            model=model,
            optimizer=torch.optim.Adam(model.parameters(), lr=2e-3),
            rmn=RMNPlugin(quiet_weight=weight, negatives=negatives),
            train_mb_size=32,
            train_epochs=4,
        )
        strategy.train(stream.experiences[0])
        model.eval()
        with torch.no_grad():
            odd = NEGATIVES[negatives](stream.test[0].inputs())
            loudness[weight] = float(model.forward_task(odd, 0).square().mean())
            told = stream.test[0]
            answers = model.forward_task(told.inputs(), 0).argmax(1)
        assert (answers == told.images.labels).float().mean() > 0.9
    assert loudness[0.1] < loudness[0.0] / 2


def test_unknown_negatives_are_refused():
    with pytest.raises(ValueError, match="noise"):
        RMNPlugin(quiet_weight=0.1, negatives="nothing")
