"""The page of the ablation: answers, a table and a figure for each factor. Remade from runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure as Drawing

from harness.analysis.ablation import Ablation
from harness.analysis.columns import NOTHING
from harness.analysis.metrics.definition import Unit, metrics
from harness.config.ablation import FACTORS, Factor
from harness.config.benchmarks import BENCHMARKS
from harness.reporting.ablation_answers import answers, related_overlap
from harness.reporting.figures import ablation as figures
from harness.reporting.figures.style import STYLE
from harness.reporting.model import Table, Text
from harness.reporting.writers.markdown import table_lines

COMMAND: Final = "python -m harness.ablation"

_METRICS: Final = (
    *("acc", "learning_accuracy", "rounding_gap", "undecided", "flipped"),
    *("mask_density", "weights_used", "mask_overlap", "beta"),
)
"""The columns of every table."""

_INTRODUCTION: Final = (
    "One thing is varied at a time; all else is at the defaults of the methods, not at tuned "
    "values, but that masks begin at random, as in the paper; in the default budget (of Omniglot, "
    "the first ten tasks). The task identity is given unless a title says otherwise. Means over "
    "seeds, with the 95 % interval of the mean (Student) where there are several (n of them); "
    "shares in percent. [metrics.md](metrics.md) has the formulas."
)

_STYLE: Final[Any] = {**STYLE, "svg.hashsalt": "ablation"}
"""With it, the same numbers give the same file."""


def write_page(ablation: Ablation, page: Path) -> None:
    """Write the page, and its figures into a folder `figures` beside it.

    Args:
        ablation: what was measured.
        page: a Markdown file.

    Raises:
        OSError: it cannot be written.
    """
    folder = page.parent / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(_STYLE):
        lines = _lines(ablation, folder)
    page.write_text("\n".join(lines))


def _lines(ablation: Ablation, folder: Path) -> list[str]:
    """The page's, with its figures written into a folder."""
    lines = ["# Ablation", "", _INTRODUCTION, "", "Made by:", "", f"    {COMMAND}", ""]
    lines += ["## Answers", ""]
    for answer in answers(ablation):
        lines += [f"### {answer.title}", ""]
        shown = replace(answer, title="")
        lines += table_lines(shown) if answer.rows else ["Not measured yet.", ""]
    for factor in FACTORS.values():
        if not (ablation.cells["factor"] == factor.name).any():
            continue
        lines += table_lines(_table(ablation, factor))
        drawing = figures.accuracies(ablation.cells, factor)
        lines += _figure(drawing, folder / f"ablation_{factor.name}.svg", factor.title)
    drawing = figures.related(related_overlap(ablation))
    if drawing is not None:
        lines += ["## Related tasks", "", BENCHMARKS["permuted_mnist_related"].summary, ""]
        lines += _figure(drawing, folder / "ablation_related.svg", "Overlap of related tasks")
    return lines


def _table(ablation: Ablation, factor: Factor) -> Table:
    """A row a benchmark and variant, in the order of both."""
    known = metrics()
    places = ablation.of_factor(factor.name)
    rows = []
    for name in dict.fromkeys(benchmark for benchmark, *_ in places):
        for variant in factor.variants:
            keys = [(name, metric, variant.title) for metric in _METRICS]
            if not any(key in places for key in keys):
                continue
            found = [places.get(key, NOTHING) for key in keys]
            seeds = max(cell.seeds for cell in found)
            texts = [
                Text(cell.text(known[metric].unit is Unit.PERCENT))
                for cell, metric in zip(found, _METRICS, strict=True)
            ]
            rows.append(
                [Text(BENCHMARKS[name].title), Text(variant.title), Text(str(seeds)), *texts]
            )
    head = ["Benchmark", "Variant", "Seeds", *(known[metric].title for metric in _METRICS)]
    return Table(factor.title, head, rows, left=frozenset({0, 1}))


def _figure(drawing: Drawing | None, path: Path, title: str) -> Iterator[str]:
    if drawing is None:
        return
    drawing.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    yield f"![{title}](figures/{path.name})"
    yield ""
