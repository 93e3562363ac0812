"""What a metric is, and the registry of all metrics.

A metric is one function with `metric` above it: id, title, unit, direction, formula and source
stand together, and nothing else has to know of it. Modules of this package are found by being
there; a metric of another package is registered once its module is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeVar

import pandas as pd

from baselines.plugins import METRICS, import_entry_points
from baselines.registration import Registry
from harness.config.scenarios import SCENARIOS as _SCENARIOS
from harness.config.scenarios import TASK_IL

_BUILT_IN: Final = "harness.analysis.metrics"

RUN: Final = ["run_id", "baseline", "setting", "seed"]
"""Columns that identify a run in every derived table."""

SCENARIOS: Final = tuple(_SCENARIOS)
"""Of a metric that exists with and without the task identity at test."""

WITHOUT_IDENTITY: Final = tuple(name for name in SCENARIOS if name != TASK_IL)
"""Scenarios of a metric that needs the task identity to be withheld at test."""

Key = tuple[str, str, str]
"""Id of a run, scenario and rule; "" where a scenario or rule does not apply."""


class Unit(Enum):
    """Of a metric's values in tables of data; printed tables show shares in percent."""

    PERCENT = "percent"
    COUNT = "count"
    SECONDS = "seconds"
    BYTES = "bytes"
    BATCHES = "batches"


class Direction(Enum):
    """Which values are better."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


class Section(Enum):
    """The table of a report that a metric is a column of, in the order of the report."""

    ACCURACY = "Accuracy"
    INFERENCE = "Task inference"
    TRANSFER = "Transfer and forgetting"
    SWITCHES = "Detection of task switches"
    NOVELTY = "Old tasks told from new ones"
    DEGRADATION = "Degradation without task labels"
    TOGETHER = "Task inference of several examples at once"
    MASKS = "Masks"
    COSTS = "Costs"
    ROUTERS = "Costs of task inference"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's definition.

    Attributes:
        id: key in tables of data.
        title: as printed above a column, without the scenario.
        unit: of its values.
        direction: which values are better.
        formula: in words and symbols. R[i, j] is the accuracy on task j after learning i of T
            tasks; row 0 is the untrained network.
        source: where the definition comes from.
        measurements: the raw measurements that it is made from (`harness.storage.schema`); none for
            a metric that compares runs, which `harness.analysis.derivation.derive` leaves out.
        section: the table that it is a column of; None for none.
        scenarios: those that it exists under; none where the task's identity plays no part.
        function: its values.
        over: cuts raw rows into what `function` is applied to, by run, scenario and rule; without
            it, `function` is given the raw rows of `measurements`, and returns a series with the
            index levels run_id and, where they apply, scenario and rule.
    """

    id: str
    title: str
    unit: Unit
    direction: Direction
    formula: str
    source: str
    measurements: tuple[str, ...]
    section: Section | None
    scenarios: tuple[str, ...]
    function: Callable[..., Any]
    over: Callable[[pd.DataFrame], Mapping[Key, Any]] | None = None


F = TypeVar("F", bound=Callable[..., Any])

_METRICS: Final = Registry[Metric]("metrics", lambda metric: metric.function.__module__, _BUILT_IN)


def metric(
    metric_id: str,
    *,
    title: str,
    unit: Unit,
    direction: Direction,
    formula: str,
    source: str,
    measurements: tuple[str, ...],
    section: Section | None,
    scenarios: tuple[str, ...] = (),
    over: Callable[[pd.DataFrame], Mapping[Key, Any]] | None = None,
) -> Callable[[F], F]:
    """Function decorator that registers a metric; the function stays as it is.

    Args:
        metric_id: see `Metric`, as for all others.
        title: as printed.
        unit: of its values.
        direction: which values are better.
        formula: in words and symbols.
        source: of the definition.
        measurements: what it is made from.
        section: the table that it is a column of.
        scenarios: those that it exists under.
        over: cuts raw rows into what the function takes.

    Raises:
        ValueError: the id is taken by another metric.
    """

    def register(function: F) -> F:
        told = (title, unit, direction, formula, source, measurements, section, scenarios)
        _METRICS.add(metric_id, Metric(metric_id, *told, function, over))
        return function

    return register


def metrics() -> dict[str, Metric]:
    """Every metric by id: those of this package before others, else by module, as written there."""
    import_entry_points(METRICS)

    def place(one: Metric) -> tuple[bool, str]:
        module = one.function.__module__
        return not module.startswith(_BUILT_IN), module

    return {one.id: one for one in sorted(_METRICS.known().values(), key=place)}
