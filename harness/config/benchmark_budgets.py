"""The training budget of a benchmark in a profile, with what is given of it, checked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.config.benchmarks import Benchmark
from harness.config.budgets import TUNING, TrainingBudget
from harness.config.resolution import resolve_budget
from harness.config.settings import SettingError


def benchmark_budget(
    benchmark: Benchmark, profile: str, given: Mapping[str, str], threads: int | None
) -> tuple[TrainingBudget, dict[str, Any]]:
    """A benchmark's budget, and what differs of it from the profile's own.

    Args:
        benchmark: the stream.
        profile: one of those that it has a budget for.
        given: values as typed, by field.
        threads: of --threads, which is the same as the field; None where it was not given.

    Raises:
        SettingError: a value is not allowed, the stream cannot have it, or threads are given twice.
    """
    number = str(threads or given.get("threads", 1))
    if given.get("threads", number) != number:
        raise SettingError("--threads and training.threads differ; give one of them")
    budget, changed = resolve_budget(benchmark.budgets[profile], {**given, "threads": number})
    check_budget(benchmark, budget)
    return budget, changed


def tuning_budget(
    benchmark: Benchmark, given: Mapping[str, str], threads: int | None
) -> TrainingBudget:
    """The budget of every run of a search.

    Args:
        benchmark: the stream.
        given: values as typed, by field.
        threads: of --threads; None where it was not given.

    Raises:
        SettingError: as `benchmark_budget`, and where test data would be seen or class orders
            given.
    """
    budget, _ = benchmark_budget(benchmark, TUNING, given, threads)
    if not budget.validation or budget.class_order is not None:
        raise SettingError(
            "a search never sees test data, and each of its seeds draws its own order of the "
            "classes; leave out training.validation and training.class_order"
        )
    return budget


def check_budget(benchmark: Benchmark, budget: TrainingBudget) -> None:
    """Refuse a budget that a benchmark's stream cannot have.

    Args:
        benchmark: the stream.
        budget: what every method would be given.

    Raises:
        SettingError: says which setting to leave out.
    """
    if not benchmark.labelled and (budget.decay or budget.patience is not None):
        raise SettingError(
            f"{benchmark.name} has no task boundaries, so no learning rate can be lowered within a "
            "task; leave out training.decay and training.patience"
        )
    try:
        benchmark.under(budget)
    except ValueError as error:
        raise SettingError(str(error)) from None
