"""The names of what `harness.bench` times."""

from __future__ import annotations

import pytest

from baselines.registry import methods
from harness.speed.subjects import OURS, PLAIN, STOCK, SUBJECTS, stock_peer


def test_ours_are_methods_of_the_harness() -> None:
    ours = {name.removeprefix(OURS) for name in SUBJECTS if name.startswith(OURS)}
    stock = {name.removeprefix(STOCK) for name in SUBJECTS if name.startswith(STOCK)}
    assert ours <= methods().keys()
    assert stock < ours
    assert len(SUBJECTS) == len(ours) + len(stock) + 1
    assert SUBJECTS[0] == PLAIN


@pytest.mark.parametrize(
    ("subject", "peer"),
    [
        ("our si", "stock si"),
        ("our rmn", "stock naive"),  # Avalanche has no such method
        ("stock ewc", "stock ewc"),
        ("plain loop", "plain loop"),
    ],
)
def test_a_subject_is_held_against_its_like(subject: str, peer: str) -> None:
    assert stock_peer(subject) == peer
