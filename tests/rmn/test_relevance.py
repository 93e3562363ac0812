"""Soft-round, initial values, packing and penalties against slow or hand-worked values."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from rmn.layers import RelevanceLinear
from rmn.penalties import l1, price_relevance
from rmn.relevance import SoftMask, initialise, pack, soft_round, unpack


def test_soft_round_by_hand():
    values = soft_round(torch.tensor([0.5, 0.6, 0.0]), 50.0)
    expected = [0.5, 1 / (1 + math.exp(-5)), 1 / (1 + math.exp(25))]
    torch.testing.assert_close(values, torch.tensor(expected))


@pytest.mark.parametrize("learned", [False, True])
def test_soft_mask_gradients(learned):
    torch.manual_seed(0)
    weight, mapping = (torch.randn(3, 4, dtype=torch.double, requires_grad=True) for _ in "ab")
    beta = torch.tensor(3.0, dtype=torch.double, requires_grad=learned)
    other, its = (torch.randn(2, dtype=torch.double, requires_grad=True) for _ in "ab")
    fixed = torch.tensor(5.0, dtype=torch.double)
    prices = [torch.rand(3, 4, dtype=torch.double), None]
    assert torch.autograd.gradcheck(
        lambda w, o, m, i, b: SoftMask.apply(prices, w, o, m, i, b, fixed),
        (weight, other, mapping, its, beta),
    )


def test_soft_mask_is_the_plain_formula():
    weight, mapping, price = torch.randn(5, 7), torch.rand(5, 7), torch.rand(5, 7)
    cost, masked = SoftMask.apply([price], weight, mapping, torch.tensor(50.0))
    relevance = soft_round(mapping, 50.0)
    torch.testing.assert_close(masked, weight * relevance)
    torch.testing.assert_close(cost, (price * relevance).sum())


@given(st.lists(st.booleans(), min_size=1, max_size=70))
def test_packing_is_undone(bits):
    mask = torch.tensor(bits)
    packed = pack(mask)
    assert len(packed) == -(-len(bits) // 8)
    assert torch.equal(unpack(packed, mask.shape), mask)
    assert torch.equal(unpack(torch.stack([packed, packed]), mask.shape)[1], mask)


def test_initial_values():
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


def layer(seed, uses):
    torch.manual_seed(seed)
    made = RelevanceLinear(nn.Linear(3, 2), 50.0, False, "uniform", 0.0)
    made.uses.copy_(torch.tensor(uses))
    return made


def test_penalties_against_a_loop():
    layers = [layer(0, [[0, 1, 2], [0, 0, 1]]), layer(1, [[0, 0, 0], [1, 3, 0]])]
    free = magnitude = relevance = shared = 0.0
    for one in layers:
        for m, u in zip(one.mapping.flatten().tolist(), one.uses.flatten().tolist(), strict=True):
            r = 1 / (1 + math.exp(-50 * (m - 0.5)))
            shared += r * u
            if u == 0:
                free, magnitude, relevance = free + 1, magnitude + abs(m), relevance + r
    assert float(l1(layers)) == pytest.approx(magnitude / free, rel=1e-5)
    price_relevance(layers, l0_weight=0.7, overlap_weight=0.4)
    cost = sum(float((one.price * one.relevance).sum()) for one in layers)
    assert cost == pytest.approx(0.7 * relevance / free + 0.4 * shared / 12, rel=1e-5)
