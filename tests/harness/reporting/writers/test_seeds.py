"""Every seed as comma-separated values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from harness.reporting.model import Report
from harness.reporting.writer import write


def test_what_is_written_is_read_back(awkward: Report, tmp_path: Path) -> None:
    seeds = pd.DataFrame({"method": ["rmn", "rmn"], "seed": [0, 1], "value_in_unit": [0.1, 0.3]})
    made = write(replace(awkward, per_seed=seeds), "seeds.csv", tmp_path)
    assert made.name == "awkward.seeds.csv"
    pd.testing.assert_frame_equal(pd.read_csv(made), seeds)
