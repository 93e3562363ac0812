"""From raw measurements to every metric of every run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from harness.analysis.metrics.definition import RUN, Key, Metric, metrics
from harness.storage.texts import as_categories

_KEY = ["run_id", "scenario", "rule"]


def derive(rows: pd.DataFrame, wanted: Collection[str] | None = None) -> pd.DataFrame:
    """Every metric of every run that it can be computed for.

    Args:
        rows: raw measures (`harness.storage.schema`), of any number of runs.
        wanted: ids of the metrics, one at least; None for all.

    Returns:
        The columns of `RUN`, scenario, rule, metric, value; texts are categories, as in the rows.
    """
    rows = as_categories(rows, [*_KEY, "baseline", "setting", "metric"])
    selected: dict[tuple[str, ...], pd.DataFrame] = {}
    cut: dict[object, Mapping[Key, Any]] = {}  # what several metrics are functions of, made once
    tables: list[pd.DataFrame] = []
    texts = {name: sorted({"", *rows[name].cat.categories}) for name in _KEY}
    texts["metric"] = sorted(metrics())
    for metric in metrics().values():
        if not metric.measurements or not (wanted is None or metric.id in wanted):
            continue
        names = metric.measurements
        if names not in selected:
            selected[names] = rows[rows["metric"].isin(names)]
        if metric.over is None:
            values: pd.Series[float] = metric.function(selected[names])
        else:
            if (metric.over, names) not in cut:
                cut[metric.over, names] = metric.over(selected[names])
            values = _each(metric, cut[metric.over, names])
        table = values.rename("value").reset_index().assign(metric=metric.id)
        table = table.reindex(columns=[*_KEY, "metric", "value"], fill_value="")
        kinds = {name: pd.CategoricalDtype(known) for name, known in texts.items()}
        tables.append(table.astype(kinds))
    derived = pd.concat(tables, ignore_index=True)
    runs = rows[RUN].drop_duplicates("run_id").set_index("run_id")
    own = runs.reindex(derived["run_id"])
    derived = derived.assign(**{str(name): own[name].array for name in runs})
    return derived[[*RUN, "scenario", "rule", "metric", "value"]]


def _each(metric: Metric, parts: Mapping[Key, Any]) -> pd.Series[float]:
    index = pd.MultiIndex.from_tuples(list(parts), names=_KEY) if parts else _nothing()
    return pd.Series([metric.function(part) for part in parts.values()], index, dtype=float)


def _nothing() -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([[]] * len(_KEY), names=_KEY)
