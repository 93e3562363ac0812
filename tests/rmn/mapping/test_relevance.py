"""Soft-round and initial values, by hand and by their moments."""

import math

import numpy as np
import pytest
import torch

from rmn.mapping.relevance import initialise, soft_round


def test_soft_round_by_hand() -> None:
    values = soft_round(torch.tensor([0.5, 0.6, 0.0]), 50.0)
    expected = [0.5, 1 / (1 + math.exp(-5)), 1 / (1 + math.exp(25))]
    torch.testing.assert_close(values, torch.tensor(expected))


def test_soft_round_tends_to_rounding() -> None:
    mapping = torch.tensor([0.1, 0.49, 0.51, 1.2])
    torch.testing.assert_close(soft_round(mapping, 5000.0), torch.tensor([0.0, 0.0, 1.0, 1.0]))


def test_initial_values() -> None:
    mapping = torch.empty(200_000)
    torch.manual_seed(0)
    initialise(mapping, "normal", 0.05)
    assert mapping.mean() == pytest.approx(0.5, abs=1e-3)
    assert mapping.std() == pytest.approx(0.05, abs=1e-3)
    initialise(mapping, "uniform", 0.05)
    assert mapping.std() == pytest.approx(1 / math.sqrt(12), abs=1e-3)
    initialise(mapping, "skewed_normal", 0.05)
    centred = (mapping - mapping.mean()).numpy()
    assert np.mean(centred**3) > 0
    assert mapping.min() >= 0
    assert mapping.max() <= 1
    with pytest.raises(ValueError, match="skewed_normal"):
        initialise(mapping, "norml", 0.05)
