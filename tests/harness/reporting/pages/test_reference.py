"""The tables of `docs/metrics.md` leave nothing out, and its examples run."""

from __future__ import annotations

import doctest
import os

import pytest

from harness.analysis.metrics.definition import metrics
from harness.reporting.pages.reference import measurement_table, metric_tables
from harness.storage.provenance import ROOT
from harness.storage.schema import MEASUREMENTS

PAGE = ROOT / "docs" / "metrics.md"


def test_nothing_is_left_out() -> None:
    table = metric_tables()
    for metric in metrics().values():
        [line] = [line for line in table.splitlines() if line.startswith(f"| `{metric.id}` ")]
        for text in (metric.title, metric.unit.value, metric.direction.value, metric.source):
            assert text in line
        assert metric.formula in line.replace("\\|", "|")
    assert all(f"| `{name}` |" in measurement_table() for name in MEASUREMENTS)


def test_the_examples_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = doctest.testfile(
        os.fspath(PAGE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert found.attempted > 0
    assert found.failed == 0
