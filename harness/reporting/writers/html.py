"""Reports as one HTML page that needs no server and no network; equal results give equal bytes."""

from __future__ import annotations

from pathlib import Path

from harness.reporting.browser.page import page
from harness.reporting.model import Report
from harness.reporting.writer import register_writer


@register_writer("html")
def write_html(report: Report, path: Path) -> None:
    """Write tables that sort and filter, charts that answer to the pointer, and every run.

    Args:
        report: what to write.
        path: of the file.
    """
    path.write_text(page(report), encoding="utf-8")
