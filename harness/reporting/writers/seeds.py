"""The numbers behind a report's means as comma-separated values, a row a run and metric."""

from __future__ import annotations

from pathlib import Path

from harness.reporting.model import Report
from harness.reporting.writer import register_writer


@register_writer("seeds.csv")
def write_seeds(report: Report, path: Path) -> None:
    """Write every seed's values; columns that hold shares say so in the header.

    Args:
        report: what to write.
        path: of the file.
    """
    report.per_seed.to_csv(path, index=False)
