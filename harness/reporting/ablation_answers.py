"""The questions that the ablation was made for, answered by its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from harness.analysis.ablation import Ablation
from harness.analysis.columns import NOTHING, Cell
from harness.analysis.metrics.definition import Unit, metrics
from harness.config.ablation import FACTORS, RELATED
from harness.config.benchmarks import BENCHMARKS
from harness.reporting.model import Table, Text

_DEFAULT: Final = {name: factor.variants[0].title for name, factor in FACTORS.items()}


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of some variants of a factor.

    Attributes:
        text: the question.
        factor: its name.
        variants: titles of those that answer it.
        metrics: ids of those that do.
    """

    text: str
    factor: str
    variants: Sequence[str]
    metrics: Sequence[str]


_QUESTIONS: Final = (
    _Question(
        "Does a beta of 80 and more make no difference?",
        "beta",
        [*(f"constant, {beta}" for beta in (50, 80, 100, 200)), _DEFAULT["beta"]],
        ["acc", "rounding_gap"],
    ),
    _Question(
        "Does a learned beta tighten?",
        "beta",
        ["constant, 50", "learned, from 50"],
        ["beta", "undecided"],
    ),
    _Question(
        "Is the penalty optional, and are weights never used up?",
        "penalties",
        ["none", _DEFAULT["penalties"]],
        ["acc", "weights_used"],
    ),
    _Question(
        "Does a mask do better that begins from a finished one?",
        "transfer",
        [variant.title for variant in FACTORS["transfer"].variants],
        ["acc", "weights_used"],
    ),
)


def answers(ablation: Ablation) -> Iterator[Table]:
    """A table for each question, with the question for its title; without rows if not measured.

    Args:
        ablation: what was measured.
    """
    for question in _QUESTIONS:
        yield _answer(ablation, question)
    yield _relation_answer(ablation)


def _answer(ablation: Ablation, question: _Question) -> Table:
    """A row for each benchmark and metric, a column for each variant."""
    places = ablation.of_factor(question.factor)
    rows = []
    for benchmark in dict.fromkeys(name for name, *_ in places):
        for metric in map(metrics().__getitem__, question.metrics):
            keys = [(benchmark, metric.id, variant) for variant in question.variants]
            if sum(key in places for key in keys) > 1:  # one alone answers nothing
                cells = [places.get(key, NOTHING) for key in keys]
                percent = metric.unit is Unit.PERCENT
                texts = [Text(cell.text_with_seeds(percent)) for cell in cells]
                rows.append([Text(BENCHMARKS[benchmark].title), Text(metric.title), *texts])
    head = ["Benchmark", "Metric", *question.variants]
    return Table(question.text, head, rows, left=frozenset({0, 1}))


def _relation_answer(ablation: Ablation) -> Table:
    records: list[dict[Any, Any]] = related_overlap(ablation).to_dict("records")
    rows = [
        [
            Text(str(one["other"])),
            Text(one["what"]),
            Text(Cell(one["overlap"], one["half_width"], seeds=one["seeds"]).text_with_seeds(True)),
            Text(Cell(one["chance"], float("nan")).text(True)),
        ]
        for one in records
    ]
    head = ["Task", "What it is to the first", "Overlap of their masks", "By chance"]
    return Table("Do masks overlap more for related tasks?", head, rows, left=frozenset({0, 1}))


def related_overlap(ablation: Ablation) -> pd.DataFrame:
    """Overlap of the first mask of the benchmark of related tasks with each other one.

    Returns:
        The columns other (number of the other task), what (its relation to the first), overlap,
        half_width, seeds, chance; empty if not measured.
    """
    table = ablation.overlap
    mine = table[
        (table["benchmark"] == RELATED)
        & (table["factor"] == "transfer")
        & (table["variant"] == _DEFAULT["transfer"])
        & (table["task"] == 1)
    ]
    benchmark = BENCHMARKS[RELATED]
    relations = [
        _relation(order, angle)
        for order, angle in zip(benchmark.pixel_orders, benchmark.rotations, strict=True)
    ]
    what = [relations[int(other) - 1] for other in mine["other"]]
    named = mine[["other", "overlap", "half_width", "seeds", "chance"]].assign(what=what)
    return named.reset_index(drop=True)


def _relation(order: int, angle: int) -> str:
    if order:
        return "another permutation"
    return f"the same, rotated by {angle} degrees" if angle else "the same task again"
