"""The values that a metric's function gives, checked where it is another package's."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

import numpy as np
import pandas as pd

from baselines.plugins import PluginError, on_one_line
from baselines.registration import is_own
from harness.analysis.metrics.definition import Metric

KEY: Final = ["run_id", "scenario", "rule"]
"""Index levels of values; scenario and rule where they apply."""


def values_of(
    metric: Metric, make: Callable[[], pd.Series[float]], runs: Collection[str]
) -> pd.Series[float]:
    """The values of a metric, one a run, scenario and rule at most.

    Args:
        metric: whose they are.
        make: calls its function.
        runs: ids of those that there are rows of.

    Raises:
        PluginError: the metric is of another package, and its function fails, or gives what means
            and intervals over runs would be wrong of; names the metric.
    """
    if is_own(metric.function.__module__):
        return make()
    try:
        values = make()
    except Exception as error:
        said = on_one_line(error)
        raise PluginError(f"{_named(metric)} cannot be computed: {said}") from error
    if isinstance(values, pd.Series):
        values = values.dropna()  # pandas groups by values that are not there as well
    if wrong := _wrong(values, metric, runs):
        raise PluginError(f"{_named(metric)} gives {wrong}")
    return values


def _named(metric: Metric) -> str:
    return f"the metric {metric.id} ({metric.function.__module__})"


def _wrong(values: object, metric: Metric, runs: Collection[str]) -> str:
    """What is not as `Metric.function` says; "" for nothing."""
    if not isinstance(values, pd.Series):
        return f"a {type(values).__name__}; give a pandas Series, a value a run"
    levels = [str(name) for name in values.index.names]
    if "run_id" not in levels or not set(levels) <= set(KEY):
        return f"an index of {', '.join(levels)}; make it run_id, scenario and rule, as they apply"
    if not pd.api.types.is_numeric_dtype(values.dtype) or np.isinf(values.astype(float)).any():
        return f"values that are no finite numbers, of the type {values.dtype}"
    if (twice := values.index[values.index.duplicated()]).size:
        return f"several values for {twice[0]}; give one for each {', '.join(levels)}"
    if unknown := set(values.index.get_level_values("run_id")) - set(runs):
        return f"a value for {sorted(map(str, unknown))[0]}, which is no run that it was given"
    under = values.index.get_level_values("scenario") if "scenario" in levels else [""]
    found = set(under) if values.size else set()
    allowed = set(metric.scenarios) or {""}
    if undeclared := found - allowed:
        return (
            f"values under the scenario {sorted(map(str, undeclared))[0]!r}, which is none of its "
            "scenarios=..."
        )
    return ""
