"""From raw measurements to every metric of every run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.analysis.metric_values import KEY, values_of
from harness.analysis.metrics.definition import RUN, Key, Metric, metrics
from harness.storage.texts import as_categories


def derive(rows: pd.DataFrame, wanted: Collection[str] | None = None) -> pd.DataFrame:
    """Every metric of every run that it can be computed for.

    Args:
        rows: raw measures (`harness.storage.schema`), of any number of runs.
        wanted: ids of the metrics, one at least; None for all.

    Returns:
        The columns of `RUN`, scenario, rule, metric, value; texts are categories, as in the rows.

    Raises:
        PluginError: a metric of another package fails, or gives no values that can be compared.
    """
    rows = as_categories(rows, [*KEY, "baseline", "setting", "metric"])
    selected: dict[tuple[str, ...], pd.DataFrame] = {}
    runs = rows[RUN].drop_duplicates("run_id").set_index("run_id")
    cut: dict[object, Mapping[Key, Any]] = {}  # what several metrics are functions of, made once
    texts = {name: pd.Index(sorted({"", *rows[name].cat.categories})) for name in KEY}
    texts["metric"] = pd.Index(sorted(metrics()))
    codes: dict[str, list[NDArray[np.intp]]] = {name: [] for name in texts}
    numbers: list[NDArray[Any]] = []
    for metric in metrics().values():
        if not metric.measurements or not (wanted is None or metric.id in wanted):
            continue
        names = metric.measurements
        if names not in selected:
            selected[names] = rows[rows["metric"].isin(names)]
        values = values_of(metric, partial(_computed, metric, selected[names], cut), runs.index)
        keys = {"metric": metric.id, **dict.fromkeys(KEY, "")}
        for name, known in texts.items():
            if name in values.index.names:
                codes[name].append(known.get_indexer(values.index.get_level_values(name)))
            else:
                codes[name].append(np.full(len(values), known.get_loc(keys[name])))
        numbers.append(values.to_numpy(dtype=float))
    derived = pd.DataFrame(
        {
            name: pd.Categorical.from_codes(np.concatenate(codes[name]), texts[name])
            for name in texts
        }
    )
    own = runs.reindex(derived["run_id"])
    columns = {str(name): own[name].array for name in runs}
    derived = derived.assign(value=np.concatenate(numbers), **columns)
    return derived[[*RUN, "scenario", "rule", "metric", "value"]]


def _computed(
    metric: Metric, rows: pd.DataFrame, cut: dict[object, Mapping[Key, Any]]
) -> pd.Series[float]:
    if metric.over is None:
        values: pd.Series[float] = metric.function(rows)
        return values
    part = metric.over, metric.measurements
    if part not in cut:
        cut[part] = metric.over(rows)
    return _each(metric, cut[part])


def _each(metric: Metric, parts: Mapping[Key, Any]) -> pd.Series[float]:
    index = pd.MultiIndex.from_tuples(list(parts), names=KEY) if parts else _nothing()
    return pd.Series([metric.function(part) for part in parts.values()], index, dtype=float)


def _nothing() -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([[]] * len(KEY), names=KEY)
