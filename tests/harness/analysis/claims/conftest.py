"""Evidence with made-up numbers, without anything stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
import pytest

from harness.analysis.claims.evidence import Evidence

Key = tuple[str, str, str, str]
"""Benchmark, scenario, method, metric; with the variant after the method, joined by a bar."""


@dataclass(frozen=True, slots=True)
class MadeUp(Evidence):
    """Values by seed, as written down."""

    given: Mapping[Key, Sequence[float]] = field(default_factory=dict)

    def values(
        self, benchmark: str, scenario: str, method: str, metric: str, variant: str = ""
    ) -> pd.Series[float]:
        name = f"{method}|{variant}" if variant else method
        values = self.given.get((benchmark, scenario, name, metric), ())
        return pd.Series(values, dtype=float)

    def variants(self, benchmark: str, scenario: str, method: str) -> Iterator[str]:
        for place, where, name, _ in self.given:
            title, bar, variant = name.partition("|")
            if (place, where, title) == (benchmark, scenario, method) and bar:
                yield variant

    def measured(self, benchmark: str, scenario: str) -> list[str]:
        found = [
            name for place, where, name, _ in self.given if (place, where) == (benchmark, scenario)
        ]
        return [name for name in dict.fromkeys(found) if "|" not in name]


@pytest.fixture
def evidence() -> Callable[[Mapping[Key, Sequence[float]]], Evidence]:
    """Makes evidence of values by benchmark, scenario, method and metric."""
    return lambda given: MadeUp("default", given=given)
