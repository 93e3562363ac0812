"""The tables of `docs/metrics.md`, made from the definitions themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from harness.analysis.metrics.definition import Metric, Section, metrics
from harness.storage.schema import MEASUREMENTS

_HEAD: Final = ("Id", "Title", "Unit", "Better", "Formula", "Source", "Made from")


def metric_tables() -> str:
    """Every metric, one table for each section of a report, as Markdown."""
    parts = []
    for section in (*Section, None):
        mine = [metric for metric in metrics().values() if metric.section is section]
        title = section.value if section else "In no table of a report"
        parts.append(f"### {title}\n\n{_table(_HEAD, map(_row, mine))}")
    return "\n\n".join(parts)


def measurement_table() -> str:
    """Every raw measurement, and the columns of `load_rows` that apply to it, as Markdown."""
    rows = []
    for name, text in MEASUREMENTS.items():
        said, _, columns = text.rpartition("; ")
        rows.append((f"`{name}`", said or columns, columns if said else ""))
    return _table(("Measurement", "Value", "Columns"), rows)


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


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )
