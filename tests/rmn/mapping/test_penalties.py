"""Penalties against a loop over all weights."""

import math

import pytest
import torch
from torch import nn

from rmn import convert
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


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_penalties_of_networks_of_any_precision(kind: torch.dtype) -> None:
    """A share of the penalty that is too small for half precision is counted all the same."""
    torch.manual_seed(0)
    network = convert(nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 3)).to(kind))
    exact = 0.0
    for task in range(2):
        network.begin_task(task, [])
        set_penalty_weights(network.mappings, l0_weight=1e-6, l0_scarcity=0.0, overlap_weight=3e-6)
        network(torch.randn(4, 8, dtype=kind))
        penalty = network.relevance_penalty
        if task:
            pairs = [(g.uses.double(), g.relevance.double()) for g in network.mappings]
            sums = [(1e-6 * r[u == 0].sum() + 3e-6 * (u * r).sum()).item() for u, r in pairs]
            exact = sum(sums) / sum(len(uses) for uses, _ in pairs)
            assert penalty.item() == pytest.approx(exact, rel=1e-3)
            torch.autograd.backward(penalty * 1e6)
            for group in network.mappings:
                assert group.mapping.grad is not None
                assert group.mapping.grad.any()
        network.finish_task()
