"""Evidence with made-up numbers, without anything stored."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
import pytest

from harness.analysis.claims.evidence import OWN_SETTINGS, Evidence, Overrides

Key = tuple[str, str, str, str]
"""Benchmark, scenario, method, metric; with the variant after the method, joined by a bar."""


@dataclass(frozen=True, slots=True)
class MadeUp(Evidence):
    """Values by seed, as written down."""

    given: Mapping[Key, Sequence[float]] = field(default_factory=dict)

    def values(
        self,
        benchmark: str,
        scenario: str,
        method: str,
        metric: str,
        variant: Overrides = OWN_SETTINGS,
    ) -> pd.Series[float]:
        settings = ", ".join(f"{name}={value}" for name, value in variant.items())
        name = f"{method}|{settings}" if settings else method
        values = self.given.get((benchmark, scenario, name, metric), ())
        return pd.Series(values, dtype=float)

    def variants(self, benchmark: str, scenario: str, method: str) -> Iterator[Overrides]:
        for place, where, name, _ in self.given:
            title, bar, settings = name.partition("|")
            if (place, where, title) == (benchmark, scenario, method) and bar:
                assigned = (one.split("=") for one in settings.split(", "))
                yield {key: ast.literal_eval(value) for key, value in assigned}

    def measured(self, benchmark: str, scenario: str) -> list[str]:
        found = [
            name for place, where, name, _ in self.given if (place, where) == (benchmark, scenario)
        ]
        return [name for name in dict.fromkeys(found) if "|" not in name]


@pytest.fixture
def evidence() -> Callable[[Mapping[Key, Sequence[float]]], Evidence]:
    """Makes evidence of values by benchmark, scenario, method and metric."""
    return lambda given: MadeUp("default", given=given)
