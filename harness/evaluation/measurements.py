"""What is measured of a strategy after every task, beside accuracies and costs; by registration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from harness.config.benchmarks import Benchmark
from harness.config.discovery import import_modules
from harness.data.streams import Stream
from harness.storage.schema import Row

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate


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


Measurement = Callable[[Snapshot], Iterable[Row]]

_MEASUREMENTS: list[Measurement] = []


def register_measurement(measurement: Measurement) -> Measurement:
    """Decorator: call this after every task of every run and store the rows that it gives.

    `harness.analysis.metrics` says how metrics are made of them. The modules of this package are
    found by being there; any other must be imported before the run.
    """
    if measurement not in _MEASUREMENTS:
        _MEASUREMENTS.append(measurement)
    return measurement


def measure(snapshot: Snapshot) -> Iterator[Row]:
    """The rows of every registered measurement."""
    import_modules("harness.evaluation")
    for measurement in _MEASUREMENTS:
        yield from measurement(snapshot)
