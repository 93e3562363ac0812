"""The grids of settings that tuning searches, and the runs that try them; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from baselines.interface import Baseline
from harness.config.benchmarks import Benchmark
from harness.config.budgets import TUNING, TrainingBudget
from harness.config.plan import plan
from harness.config.resolution import resolve
from harness.config.run import Run
from harness.config.scenarios import scenarios_of
from harness.config.settings import SettingError, declared
from harness.config.suggestions import shortened, unknown

Grid = dict[str, tuple[Any, ...]]
"""The values to try of each setting."""


def grid(method: type[Baseline]) -> Grid:
    """The values to try of each setting that has any."""
    fields = method.__dataclass_fields__
    return {name: f.metadata["grid"] for name, f in fields.items() if f.metadata.get("grid")}


def given_grids(texts: Sequence[str], methods: Mapping[str, type[Baseline]]) -> dict[str, Grid]:
    """The grids of `method.setting=value,value,...`; one that is given replaces a method's own.

    Args:
        texts: as typed.
        methods: the methods that are tuned, by name.

    Raises:
        SettingError: a text is not of this form, or names no method that is tuned or no setting.
    """
    found: dict[str, Grid] = {}
    for text in texts:
        left, equals, values = text.partition("=")
        name, dot, setting = left.partition(".")
        if not (equals and dot):
            raise SettingError(f"--grid {shortened(text)}: write it as method.setting=value,value")
        if name not in methods:
            raise SettingError(unknown("method to tune", name, methods))
        if setting not in (known := declared(methods[name])):
            raise SettingError(unknown(f"setting of {name}", setting, known))
        found.setdefault(name, {})[setting] = tuple(values.split(","))
    return found


def candidates(
    method: type[Baseline], grid: Grid, benchmark: Benchmark, budget: TrainingBudget, seeds: int
) -> Iterator[Run]:
    """One run for each combination of the grid's values and each seed.

    Args:
        method: what is tuned.
        grid: values to try.
        benchmark: the tasks.
        budget: of tuning.
        seeds: number of seeds of each candidate.

    Raises:
        SettingError: a setting cannot have such a value.
    """
    named = {method.name: method}
    for combination in product(*grid.values()):
        texts = {name: str(value) for name, value in zip(grid, combination, strict=True)}
        settings = {method.name: resolve(method, {}, texts)}
        yield from plan(
            benchmark, scenarios_of(benchmark)[:1], TUNING, budget, named, settings, seeds
        )
