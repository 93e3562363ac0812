"""Measurements are found by registration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from harness.config.benchmarks import BENCHMARKS
from harness.evaluation import measurements
from harness.evaluation.measurements import Snapshot, measure, register_measurement
from harness.storage.schema import Row


@pytest.fixture(autouse=True)
def _undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is forgotten after it, but not what a module does as it is imported."""
    known = measurements._MEASUREMENTS.known()
    monkeypatch.setattr(measurements._MEASUREMENTS, "entries", known)


def snapshot() -> Snapshot:
    strategy, stream = (
        SimpleNamespace(plugins=(), model=torch.nn.Identity()),
        SimpleNamespace(unlabelled=None),
    )
    return Snapshot(
        cast(Any, strategy), BENCHMARKS["split_mnist"], cast(Any, stream), 1, torch.device("cpu")
    )


def test_a_measurement_is_registered_once_however_often_it_is_asked_for() -> None:
    def one(_: Snapshot) -> Iterator[Row]:
        yield {"metric": "one", "value": 1.0}

    assert register_measurement(one) is one
    register_measurement(one)
    assert [row["metric"] for row in measure(snapshot())].count("one") == 1


def test_every_module_of_the_package_is_found() -> None:
    list(measure(snapshot()))
    found = {measurement.__module__ for measurement in measurements._MEASUREMENTS.entries.values()}
    package = Path(measurements.__file__).parent
    decorated = {
        f"harness.evaluation.{path.stem}"
        for path in package.glob("*.py")
        if "\n@register_measurement" in path.read_text()
    }
    assert decorated
    assert decorated <= found
