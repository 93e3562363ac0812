"""The benchmark harness: from a command line to runs, tables, figures and a PDF.

Results as data frames are `load_metrics` and `load_rows` (`docs/metrics.md`):

    import harness

    metrics = harness.load_metrics("results", benchmark="split_mnist", metric="acc")

Importing this package imports neither pandas nor torch; these functions import pandas.
"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["load_metrics", "load_rows"]


def load_metrics(
    results: str | PathLike[str] = "results",
    *,
    benchmark: str | Iterable[str] | None = None,
    method: str | Iterable[str] | None = None,
    setting: str | Iterable[str] | None = None,
    profile: str | Iterable[str] | None = None,
    seed: int | Iterable[int] | None = None,
    metric: str | Iterable[str] | None = None,
    rule: Literal["default", "all"] = "default",
) -> pd.DataFrame:
    """Every metric of every run that counts; see `harness.analysis.frames.load_metrics`.

    Args:
        results: folder of all results.
        benchmark: names to keep; None for all.
        method: names to keep.
        setting: texts to keep; "" is every method with the benchmark's own settings.
        profile: names to keep.
        seed: numbers to keep.
        metric: ids to keep.
        rule: whether to keep every rule of task inference, or each method's default one.

    Returns:
        One row a run, metric, scenario and rule; accuracies are from 0 to 1.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: a name is unknown; the message names the nearest one.
    """
    from harness.analysis import frames

    return frames.load_metrics(
        results,
        benchmark=benchmark,
        method=method,
        setting=setting,
        profile=profile,
        seed=seed,
        metric=metric,
        rule=rule,
    )


def load_rows(
    results: str | PathLike[str] = "results",
    *,
    benchmark: str | Iterable[str] | None = None,
    method: str | Iterable[str] | None = None,
    setting: str | Iterable[str] | None = None,
    profile: str | Iterable[str] | None = None,
    seed: int | Iterable[int] | None = None,
    measurement: str | Iterable[str] | None = None,
    rule: Literal["default", "all"] = "default",
) -> pd.DataFrame:
    """The raw measurements of every run that counts; see `harness.analysis.frames.load_rows`.

    Args:
        results: folder of all results.
        benchmark: names to keep; None for all.
        method: names to keep.
        setting: texts to keep; "" is every method with the benchmark's own settings.
        profile: names to keep.
        seed: numbers to keep.
        measurement: names to keep.
        rule: whether to keep every rule of task inference, or each method's default one.

    Returns:
        One row a measurement.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: a name is unknown; the message names the nearest one.
    """
    from harness.analysis import frames

    return frames.load_rows(
        results,
        benchmark=benchmark,
        method=method,
        setting=setting,
        profile=profile,
        seed=seed,
        measurement=measurement,
        rule=rule,
    )
