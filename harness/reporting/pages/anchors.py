"""What `python -m harness.results anchors` shows: published numbers beside ours."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

import pandas as pd

from baselines.registry import methods
from harness.analysis.anchors import (
    ANCHORS,
    TOLERANCE,
    Anchor,
    PublishedComparison,
    beside_published,
)
from harness.analysis.frames import load_metrics
from harness.config.budgets import DEFAULT
from harness.reporting.markdown_table import markdown_table

_HEAD: Final = ("scenario", "method", "published", "ours", "seeds", "difference")


def anchors_section(results: Path) -> str:
    """Markdown: for each publication its setting, and a table of its numbers beside ours.

    Args:
        results: folder of all results.
    """
    names = sorted({anchor.benchmark for anchor in ANCHORS})
    measured = load_metrics(results, benchmark=names, setting="", profile=DEFAULT, metric="acc")
    return "\n".join(_section(measured)).strip()


def _section(measured: pd.DataFrame) -> Iterator[str]:
    for benchmark, group in groupby(ANCHORS, lambda anchor: anchor.benchmark):
        anchors = list(group)
        yield from _setting(benchmark, anchors[0])
        yield markdown_table(_HEAD, map(_row, beside_published(anchors, measured)), words={0, 1})
        yield ""


def _setting(benchmark: str, anchor: Anchor) -> Iterator[str]:
    yield f"{anchor.source}, {anchor.table}: {anchor.architecture}; epochs: {anchor.epochs}."
    yield f"Here `--benchmark {benchmark}`."
    yield ""


def _row(comparison: PublishedComparison) -> list[str]:
    anchor = comparison.anchor
    published = f"{anchor.value:.2f} ± {anchor.spread}" if anchor.spread else f"{anchor.value:.2f}"
    cells = [anchor.scenario, methods()[anchor.method].title, published, "–", "–", "–"]
    if comparison.seeds:
        far = " (!)" if abs(comparison.difference) > TOLERANCE else ""
        interval = f" ± {comparison.half_width:.2f}" if comparison.seeds > 1 else ""
        ours = f"{comparison.ours:.2f}{interval}"
        cells[3:] = [ours, str(comparison.seeds), f"{comparison.difference:+.2f}{far}"]
    return cells
