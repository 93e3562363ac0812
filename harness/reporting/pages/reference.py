"""The tables of `docs/metrics.md`, made from the definitions themselves."""

from __future__ import annotations

from typing import Final

from harness.analysis.metrics.definition import Metric, Section, metrics
from harness.reporting.markdown_table import markdown_table
from harness.storage.schema import MEASUREMENTS

_HEAD: Final = ("Id", "Title", "Unit", "Better", "Formula", "Source", "Made from")


def metric_tables() -> str:
    """Every metric, one table for each section of a report, as Markdown."""
    parts = []
    for section in (*Section, None):
        mine = [metric for metric in metrics().values() if metric.section is section]
        title = section.value if section else "In no table of a report"
        parts.append(
            f"### {title}\n\n{markdown_table(_HEAD, map(_row, mine), words=range(len(_HEAD)))}"
        )
    return "\n\n".join(parts)


def measurement_table() -> str:
    """Every raw measurement, and the columns of `load_rows` that apply to it, as Markdown."""
    rows = []
    for name, text in MEASUREMENTS.items():
        said, _, columns = text.rpartition("; ")
        rows.append((f"`{name}`", said or columns, columns if said else ""))
    return markdown_table(("Measurement", "Value", "Columns"), rows, words=range(3))


def _row(metric: Metric) -> tuple[str, ...]:
    measurements = ", ".join(f"`{name}`" for name in metric.measurements) or "metrics of two runs"
    return (
        f"`{metric.id}`",
        metric.title,
        metric.unit.value,
        metric.direction.value,
        metric.formula,
        metric.source,
        measurements,
    )
