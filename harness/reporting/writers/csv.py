"""The means of a report as comma-separated values."""

from __future__ import annotations

from pathlib import Path

from harness.reporting.model import Report
from harness.reporting.writer import register_writer


@register_writer("csv")
def write_csv(report: Report, path: Path) -> None:
    """Write the report's means; the header says what is a fraction, a percentage or has a unit.

    Args:
        report: what to write.
        path: of the file.
    """
    report.data.to_csv(path, index=False)
