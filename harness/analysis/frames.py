"""Stored results as documented, tidy data frames (`docs/metrics.md`)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Final, Literal, get_args

import pandas as pd

from harness.analysis.derivation import derive
from harness.analysis.labelled_counterparts import labelled_counterpart, lost_without_labels
from harness.analysis.metrics.definition import metrics
from harness.analysis.selection import select, under_default_rule
from harness.analysis.single_task_reference import lost_to_a_network_per_task
from harness.config.benchmark_registry import benchmarks
from harness.config.budgets import NORMS, PROFILES
from harness.config.run import Run
from harness.config.scenarios import SCENARIOS
from harness.config.suggestions import unknown
from harness.storage import schema, store
from harness.storage.store import Results
from harness.storage.texts import as_texts

_RUN: Final = ("benchmark", "scenario", "method", "setting", "norm", "profile", "seed")

METRIC_COLUMNS: Final = (*_RUN, "metric", "value", "rule", "run_id")
"""Of `load_metrics`."""

ROW_COLUMNS: Final = (
    *_RUN,
    "measurement",
    "value",
    "rule",
    "after",
    "task",
    "other",
    "layer",
    "run_id",
)
"""Of `load_rows`."""

_TEXTS: Final = ("run_id", "baseline", "setting", "scenario", "rule", "metric")

Wanted = str | Iterable[str] | None
"""Names to keep: one, several, or None for all."""

Rules = Literal["default", "all"]

Folder = str | PathLike[str]

Place = tuple[str, str]
"""Names of a benchmark and a profile."""


def load_metrics(
    results: Folder = "results",
    *,
    benchmark: Wanted = None,
    method: Wanted = None,
    setting: Wanted = None,
    scenario: Wanted = None,
    norm: Wanted = None,
    profile: Wanted = None,
    seed: int | Iterable[int] | None = None,
    metric: Wanted = None,
    rule: Rules = "default",
) -> pd.DataFrame:
    """Every metric of every finished run that counts (`harness.analysis.selection`).

    Damaged runs are left out with a warning that names them.

    Args:
        results: folder of all results.
        benchmark: names to keep.
        method: names to keep.
        setting: texts to keep; "" is every method with the benchmark's own settings.
        scenario: names to keep (`harness.config.scenarios.SCENARIOS`).
        norm: kinds of normalisation to keep (`harness.config.budgets.NORMS`).
        profile: names to keep.
        seed: numbers to keep.
        metric: ids to keep.
        rule: whether to keep every rule of task inference, or each method's default one.

    Returns:
        One row a run, metric, scenario and rule, with the columns `METRIC_COLUMNS`.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: a name is unknown; the message names the nearest one.
    """
    parts = _read(Path(results), benchmark, profile)
    derived = derive(_rows(parts))
    lost = [table for place in parts for table in _lost(Path(results), place, parts, derived)]
    table = _tidy(pd.concat([derived, *lost], ignore_index=True), parts, rule)
    table = _kept(table, "metric", metric, metrics())
    texts = {"method": method, "setting": setting, "scenario": scenario, "norm": norm}
    return _filtered(table, texts, seed)[list(METRIC_COLUMNS)]


def load_rows(
    results: Folder = "results",
    *,
    benchmark: Wanted = None,
    method: Wanted = None,
    setting: Wanted = None,
    scenario: Wanted = None,
    norm: Wanted = None,
    profile: Wanted = None,
    seed: int | Iterable[int] | None = None,
    measurement: Wanted = None,
    rule: Rules = "default",
) -> pd.DataFrame:
    """The raw measurements (`harness.storage.schema`) of every finished run that counts.

    Args:
        results: see `load_metrics`, as for all others.
        benchmark: names to keep.
        method: names to keep.
        setting: texts to keep.
        scenario: names to keep.
        norm: kinds of normalisation to keep.
        profile: names to keep.
        seed: numbers to keep.
        measurement: names to keep.
        rule: whether to keep every rule of task inference, or each method's default one.

    Returns:
        One row a measurement, with the columns `ROW_COLUMNS`.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: a name is unknown; the message names the nearest one.
    """
    parts = _read(Path(results), benchmark, profile)
    table = _tidy(_rows(parts), parts, rule).rename(columns={"metric": "measurement"})
    known = dict.fromkeys([*schema.MEASUREMENTS, *table["measurement"].unique()])
    table = _kept(table, "measurement", measurement, known)
    texts = {"method": method, "setting": setting, "scenario": scenario, "norm": norm}
    return _filtered(table, texts, seed)[list(ROW_COLUMNS)]


def _read(folder: Path, benchmark: Wanted, profile: Wanted) -> dict[Place, Results]:
    """What counts of each benchmark and profile that is wanted."""
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder} of results")
    places = store.contents(folder)
    chosen = _names("benchmark", benchmark, [*benchmarks(), *(name for name, _ in places)])
    profiles = _names("profile", profile, [*PROFILES, *(name for _, name in places)])
    found = {
        place: select(store.read(folder, *place))
        for place in places
        if place[0] in chosen and place[1] in profiles
    }
    damaged = {path: why for part in found.values() for path, why in part.damaged.items()}
    if damaged:
        listed = "; ".join(f"{path} ({why})" for path, why in damaged.items())
        warnings.warn(f"damaged and left out: {listed}", stacklevel=3)
    return found


def _lost(
    folder: Path, place: Place, parts: Mapping[Place, Results], derived: pd.DataFrame
) -> Iterator[pd.DataFrame]:
    """The metrics that compare runs of one place with others."""
    part = parts[place]
    own = derived[derived["run_id"].isin(_ids(part))]
    yield lost_to_a_network_per_task(part, own)
    supervised = _with_labels(folder, place, parts)
    if supervised is not None:
        yield lost_without_labels(part, own, supervised)


def _with_labels(folder: Path, place: Place, parts: Mapping[Place, Results]) -> Results | None:
    there = labelled_counterpart(*place)
    if there is None:
        return None
    return parts[there] if there in parts else select(store.read(folder, *there))


def _rows(parts: Mapping[Place, Results]) -> pd.DataFrame:
    tables = [part.rows for part in parts.values() if len(part.rows)]
    return schema.concat(tables)


def _ids(part: Results) -> list[str]:
    return [record.run.id for record in part.records]


def _tidy(table: pd.DataFrame, parts: Mapping[Place, Results], rule: Rules) -> pd.DataFrame:
    """With the columns that say what a run was, named as users know them.

    What was measured under no scenario has that of its run.
    """
    records = [record for part in parts.values() for record in part.records]
    if rule == "default":
        table = under_default_rule(table, records)
    elif rule != "all":
        raise ValueError(unknown("rule", rule, get_args(Rules)))
    runs = [record.run for record in records]

    def own(name: str, value: Callable[[Run], str]) -> pd.Series[str]:
        column = table["run_id"].map({run.id: value(run) for run in runs})
        return column.astype("string").rename(name)

    named = (
        own("benchmark", lambda run: run.benchmark),
        own("profile", lambda run: run.profile),
        own("norm", lambda run: str(run.training.get("norm", ""))),
    )
    scenario = own("scenario", lambda run: run.scenario)
    table = as_texts(table).astype(dict.fromkeys(_TEXTS, "string"))
    measured = table["scenario"].where(table["scenario"] != "", scenario)
    table = table.assign(scenario=measured, **{str(column.name): column for column in named})
    return table.rename(columns={"baseline": "method"})


def _filtered(
    table: pd.DataFrame, texts: Mapping[str, Wanted], seed: int | Iterable[int] | None
) -> pd.DataFrame:
    """The rows of some texts, by column, and seeds."""
    known: dict[str, Iterable[str]] = {"scenario": SCENARIOS, "norm": NORMS}
    for name, wanted in texts.items():
        table = _kept(table, name, wanted, known.get(name, table[name].unique()))
    if seed is not None:
        table = table[table["seed"].isin([seed] if isinstance(seed, int) else list(seed))]
    return table.reset_index(drop=True)


def _kept(table: pd.DataFrame, column: str, wanted: Wanted, known: Iterable[str]) -> pd.DataFrame:
    if wanted is None or table.empty:
        return table
    return table[table[column].isin(_names(column, wanted, known))]


def _names(kind: str, wanted: Wanted, known: Iterable[str]) -> Collection[str]:
    """The names that are wanted, all of them known."""
    known = list(dict.fromkeys(known))
    if wanted is None:
        return known
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    for name in names:
        if name not in known:
            raise ValueError(unknown(kind, name, known))
    return names
