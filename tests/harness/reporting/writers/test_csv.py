"""Comma-separated values, read back by Python's own reader and by pandas."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from harness.reporting.model import Report
from harness.reporting.writers.csv import write_csv


def test_what_is_written_is_read_back(awkward: Report, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_csv(awkward, path)
    pd.testing.assert_frame_equal(pd.read_csv(path), awkward.data, check_dtype=False)


def test_no_digit_is_lost_and_what_is_missing_is_empty(awkward: Report, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_csv(awkward, path)
    with path.open(newline="") as file:
        head, first, second = csv.reader(file)
    assert head == ["method", "mean", "n"]
    assert float(first[1]) == 0.1 + 0.2
    assert second == ['a "b", c\nd', "", "0"]
