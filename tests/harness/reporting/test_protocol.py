"""What a section's title says of its comparison."""

from __future__ import annotations

from harness.analysis.comparisons import FACTORS, Factors
from harness.analysis.leaderboard import Leaderboard
from harness.reporting import protocol


def heading(factors: Factors) -> str:
    return protocol.heading(Leaderboard("split_mnist", "default", "class-il", factors))


def test_a_title_names_every_factor_that_is_not_the_scenarios_own() -> None:
    assert heading({}) == "class-il"
    orders = "each seed draws its own order of the classes"
    assert heading({"training.class_order": "seed"}) == f"class-il, robustness: {orders}"
    for name in FACTORS:
        assert heading({name: 3}) == f"class-il, robustness: {name}=3"
