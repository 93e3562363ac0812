"""Penalties against a loop over all weights."""

import math

import pytest
import torch

from rmn.mapping.mappings import RelevanceMappings
from rmn.mapping.penalties import l1_penalty, set_penalty_weights


def mappings(seed: int, uses: list[int]) -> RelevanceMappings:
    torch.manual_seed(seed)
    made = RelevanceMappings([torch.randn(3, 2)], 50.0, False, "uniform", 0.0)
    made.uses.copy_(torch.tensor(uses))
    return made


@pytest.mark.parametrize("scarcity", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("overlap_weight", [0.4, -0.4])
def test_penalties_against_a_loop(scarcity: float, overlap_weight: float) -> None:
    groups = [mappings(0, [0, 1, 2, 0, 0, 1]), mappings(1, [0, 0, 0, 1, 3, 0])]
    free = magnitude = relevance = shared = 0.0
    for one in groups:
        for m, u in zip(one.mapping.tolist(), one.uses.tolist(), strict=True):
            r = 1 / (1 + math.exp(-50 * (m - 0.5)))
            shared += r * u
            if u == 0:
                free, magnitude, relevance = free + 1, magnitude + abs(m), relevance + r
    assert l1_penalty(groups).item() == pytest.approx(magnitude / free, rel=1e-5)
    set_penalty_weights(groups, l0_weight=0.7, l0_scarcity=scarcity, overlap_weight=overlap_weight)
    penalty = 0.0
    for one in groups:
        assert one.penalty_weight is not None
        penalty += (one.penalty_weight * one.relevance).sum().item()
    l0 = 0.7 * relevance / 12 * (12 / free) ** scarcity
    assert penalty == pytest.approx(l0 + overlap_weight * shared / 12, rel=1e-5)


@pytest.mark.parametrize(("scarcity", "price"), [(0.0, 0.1), (1.0, 0.2), (2.0, 0.4)])
def test_the_price_of_a_free_weight_by_hand(scarcity: float, price: float) -> None:
    groups = [mappings(0, [0, 1, 1, 0, 0, 2])]  # half of the six weights are free
    set_penalty_weights(groups, l0_weight=0.6, l0_scarcity=scarcity, overlap_weight=0.0)
    assert groups[0].penalty_weight is not None
    assert groups[0].penalty_weight.tolist() == pytest.approx([price, 0, 0, price, price, 0])


def test_a_full_network_has_no_penalty_on_free_weights() -> None:
    groups = [mappings(0, [1] * 6)]
    set_penalty_weights(groups, l0_weight=0.7, l0_scarcity=2.0, overlap_weight=0.0)
    assert groups[0].penalty_weight is not None
    assert not groups[0].penalty_weight.any()
    assert l1_penalty(groups).item() == 0
