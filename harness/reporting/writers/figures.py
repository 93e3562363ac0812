"""The figures of a report as files, for papers, pages and slides."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from harness.reporting.model import Report
from harness.reporting.writer import register_writer

ENDINGS: Final = ("pdf", "svg", "png")


@register_writer("figures")
def write_figures(report: Report, path: Path) -> None:
    """Write each figure as PDF, SVG and PNG (300 dots an inch), as wide as a column or a page.

    Args:
        report: what to write.
        path: of the folder.
    """
    path.mkdir()
    figures = report.draw(path, ENDINGS)
    lines = [f"{figure.path.stem}: {figure.caption}" for figure in figures]
    (path / "captions.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
