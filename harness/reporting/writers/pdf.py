"""Reports as PDF, typeset by Typst; equal results give equal bytes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from harness.reporting.model import Report
from harness.reporting.typesetting import typeset
from harness.reporting.writer import register_writer


@register_writer("pdf")
def write_pdf(report: Report, path: Path) -> None:
    """Draw the figures and typeset the report's template.

    Args:
        report: what to write.
        path: of the file.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = [
            {
                "path": str(figure.path.relative_to(folder)),
                "caption": figure.caption,
                "section": figure.section,
                "narrow": figure.narrow,
            }
            for figure in report.draw(folder, ["pdf"])
        ]
        content = {**report.content, "figures": figures}
        path.write_bytes(typeset(report.template, content, folder))
