"""The reservoir: which inputs of a stream it has, and how often."""

from __future__ import annotations

import pytest
import torch

from baselines.components.reservoir import Reservoir


def test_every_input_is_kept_as_often_as_any_other() -> None:
    counts = torch.zeros(12)
    generator = torch.Generator().manual_seed(0)
    rounds = 4000
    for _ in range(rounds):
        reservoir = Reservoir(3, generator)
        for batch in torch.split(torch.arange(12), 5):
            reservoir.add(batch)
        kept = reservoir.empty()
        assert len(set(kept.tolist())) == 3
        counts[kept] += 1
    spread = (rounds * 0.25 * 0.75) ** 0.5
    assert (counts - rounds * 3 / 12).abs().max() < 4 * spread


@pytest.mark.parametrize("seen", [1, 4, 5])
def test_it_has_all_of_a_short_stream(seen: int) -> None:
    reservoir = Reservoir(5, torch.Generator())
    reservoir.add(torch.arange(seen))
    assert reservoir.empty().tolist() == list(range(seen))


def test_once_emptied_it_has_seen_nothing() -> None:
    reservoir = Reservoir(2, torch.Generator())
    reservoir.add(torch.arange(100))
    reservoir.empty()
    reservoir.add(torch.tensor([7, 8]))
    assert reservoir.empty().tolist() == [7, 8]


def test_it_does_not_keep_the_batch_of_an_input() -> None:
    reservoir = Reservoir(1, torch.Generator())
    reservoir.add(torch.randn(64, 10))
    assert reservoir.inputs[0].untyped_storage().nbytes() == 40
