"""What is measured of a strategy after every task, beside accuracies and costs; by registration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from baselines.plugins import METRICS, PluginError, import_entry_points, on_one_line
from baselines.registration import Registry, is_own

if TYPE_CHECKING:  # what measures and what defines a metric may be one file, which reports import
    import torch
    from avalanche.training.templates import SupervisedTemplate

    from harness.config.benchmarks import Benchmark
    from harness.data.streams import Stream
    from harness.storage.schema import Row


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A strategy after a task, and what it was trained on.

    Attributes:
        strategy: what was trained.
        benchmark: its tasks, as many as the budget has.
        stream: the data.
        after: number of tasks learned.
        device: where the network is.
    """

    strategy: SupervisedTemplate
    benchmark: Benchmark
    stream: Stream
    after: int
    device: torch.device


Measurement = Callable[[Snapshot], "Iterable[Row]"]

_MEASUREMENTS: Final = Registry[Measurement](
    "measurements", lambda measurement: measurement.__module__, "harness.evaluation"
)


def register_measurement(measurement: Measurement) -> Measurement:
    """Decorator: call this after every task of every run and store the rows that it gives.

    `harness.analysis.metrics` says how metrics are made of them. The modules of this package are
    found by being there, those of other packages are plugins (`baselines.plugins`).
    """
    name = f"{measurement.__module__}.{measurement.__qualname__}"
    _MEASUREMENTS.entries[name] = measurement  # a notebook may define it again: nobody types it
    return measurement


def measuring_modules() -> set[str]:
    """The modules that have registered measurements so far; imports none."""
    return {measurement.__module__ for measurement in _MEASUREMENTS.entries.values()}


def measure(snapshot: Snapshot) -> Iterator[Row]:
    """The rows of every registered measurement.

    Raises:
        PluginError: one of another package fails; names it.
    """
    import_entry_points(METRICS)
    for name, measurement in _MEASUREMENTS.known().items():
        if is_own(measurement.__module__):
            yield from measurement(snapshot)
            continue
        try:
            yield from measurement(snapshot)
        except Exception as error:
            said = on_one_line(error)
            raise PluginError(f"the measurement {name} failed, not the method: {said}") from error
