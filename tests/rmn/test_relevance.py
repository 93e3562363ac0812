"""Soft-round, initial values, packing and penalties against slow or hand-worked values."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rmn.mapping import relevance
from rmn.mapping.flat_views import slots
from rmn.mapping.mappings import RelevanceMappings
from rmn.mapping.penalties import l1, price_relevance
from rmn.mapping.relevance import SoftMask, initialise, pack, soft_round, unpack


def test_soft_round_by_hand():
    values = soft_round(torch.tensor([0.5, 0.6, 0.0]), 50.0)
    expected = [0.5, 1 / (1 + math.exp(-5)), 1 / (1 + math.exp(25))]
    torch.testing.assert_close(values, torch.tensor(expected))


@pytest.mark.parametrize("sizes", [[14], [12, 2]])  # together, or a tensor for each layer
@pytest.mark.parametrize("learned", [False, True])
def test_soft_mask_gradients(learned, sizes):
    torch.manual_seed(0)
    layers = slots([torch.empty(3, 4), torch.empty(2)])
    weight, mapping = (torch.randn(14, dtype=torch.double, requires_grad=True) for _ in "ab")
    beta = torch.tensor([3.0, 5.0] if learned else 3.0, dtype=torch.double, requires_grad=learned)
    for price in (torch.rand(14, dtype=torch.double), None):
        assert torch.autograd.gradcheck(
            lambda w, m, b, price=price: SoftMask.apply(
                layers, price, b, *w.split(sizes), *m.split(sizes)
            ),
            (weight, mapping, beta),
        )


@pytest.mark.parametrize("cached", [None, 50])  # all at once, or a part at a time
@pytest.mark.parametrize("beta", [torch.tensor(50.0), torch.tensor([50.0, 20.0])])
def test_soft_mask_is_the_plain_formula(beta, cached, monkeypatch):
    torch.manual_seed(0)
    if cached:
        monkeypatch.setattr(relevance, "CACHED", cached)
    shapes = [(4, 5, 3, 3), (7, 5)]
    layers = slots(
        [torch.empty(shapes[0]).to(memory_format=torch.channels_last), torch.empty(7, 5)]
    )
    weight, mapping, price = (torch.rand(4 * 5 * 9 + 35, requires_grad=True) for _ in "abc")
    weights, mappings, prices = (
        [slot.of(flat.detach()).clone().requires_grad_() for slot in layers]
        for flat in (weight, mapping, price)
    )
    cost, *masked = SoftMask.apply(layers, price.detach(), beta, weight, mapping)
    soft = [soft_round(m, b) for m, b in zip(mappings, beta.expand(2), strict=True)]
    plain = [w * r for w, r in zip(weights, soft, strict=True)]
    plain_cost = sum((p.detach() * r).sum() for p, r in zip(prices, soft, strict=True))
    torch.testing.assert_close(masked, plain)
    torch.testing.assert_close(cost, plain_cost)
    toward = [torch.randn(shape) for shape in shapes]
    for found, of_cost in ((masked, cost), (plain, plain_cost)):
        sums = [(t * m).sum() for t, m in zip(toward, found, strict=True)]
        torch.autograd.backward(sum(sums) + 0.7 * of_cost)
    for slot, w, m in zip(layers, weights, mappings, strict=True):
        torch.testing.assert_close(slot.of(weight.grad), w.grad)
        torch.testing.assert_close(slot.of(mapping.grad), m.grad)


@given(st.lists(st.booleans(), min_size=1, max_size=70))
def test_packing_is_undone(bits):
    mask = torch.tensor(bits)
    packed = pack(mask)
    assert len(packed) == -(-len(bits) // 8)
    assert torch.equal(unpack(packed, len(bits)), mask)


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


def mappings(seed, uses):
    torch.manual_seed(seed)
    made = RelevanceMappings([torch.randn(3, 2)], 50.0, False, "uniform", 0.0)
    made.uses.copy_(torch.tensor(uses))
    return made


def test_penalties_against_a_loop():
    groups = [mappings(0, [0, 1, 2, 0, 0, 1]), mappings(1, [0, 0, 0, 1, 3, 0])]
    free = magnitude = relevance = shared = 0.0
    for one in groups:
        for m, u in zip(one.mapping.tolist(), one.uses.tolist(), strict=True):
            r = 1 / (1 + math.exp(-50 * (m - 0.5)))
            shared += r * u
            if u == 0:
                free, magnitude, relevance = free + 1, magnitude + abs(m), relevance + r
    assert l1(groups).item() == pytest.approx(magnitude / free, rel=1e-5)
    price_relevance(groups, l0_weight=0.7, overlap_weight=0.4)
    cost = sum((one.price * one.relevance).sum().item() for one in groups)
    assert cost == pytest.approx(0.7 * relevance / free + 0.4 * shared / 12, rel=1e-5)
