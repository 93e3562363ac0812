"""The page of the ablation: every number in its place, and answers made of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from harness.analysis.ablation import Ablation
from harness.config.ablation import FACTORS, RELATED
from harness.config.benchmarks import BENCHMARKS
from harness.reporting.ablation_answers import answers, related_overlap
from harness.reporting.ablation_page import write_page
from harness.reporting.model import Table

_CELLS = ["factor", "benchmark", "variant", "metric", "mean", "half_width", "seeds"]
_PAIRS = [
    "benchmark",
    "factor",
    "variant",
    "task",
    "other",
    "overlap",
    "half_width",
    "seeds",
    "chance",
]


def example() -> Ablation:
    cells = [
        ("beta", "split_mnist", variant, metric, value, float("nan"), 1)
        for variant, accuracy, beta in (
            ("rising, 50 to 2000", 0.99, 2000.0),
            ("constant, 50", 0.91, 50.0),
            ("constant, 80", 0.92, 80.0),
            ("learned, from 50", 0.93, 61.5),
        )
        for metric, value in (
            ("acc", accuracy),
            ("rounding_gap", 0.01),
            ("undecided", 0.5),
            ("beta", beta),
        )
    ]
    pairs = [
        (RELATED, "transfer", "random", 1, other, share, 0.01, 3, 0.2)
        for other, share in ((2, 0.21), (3, 0.6), (4, 0.5))
    ]
    return Ablation(pd.DataFrame(cells, columns=_CELLS), pd.DataFrame(pairs, columns=_PAIRS))


def rows_of(answer: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in answer.rows]


def test_what_was_not_measured_is_said(tmp_path: Path) -> None:
    nothing = Ablation(pd.DataFrame(columns=_CELLS), pd.DataFrame(columns=_PAIRS))
    found = list(answers(nothing))
    assert len(found) == 5
    assert not any(answer.rows for answer in found)
    write_page(nothing, tmp_path / "ablation.md")
    assert (tmp_path / "ablation.md").read_text().count("Not measured yet.") == 5


def test_answers_have_the_numbers() -> None:
    beta, learned, penalty, _, related = answers(example())
    assert rows_of(beta) == [
        ["Split-MNIST", "ACC", "91.00 (n=1)", "92.00 (n=1)", "–", "–", "99.00 (n=1)"],
        ["Split-MNIST", "Rounding gap", "1.00 (n=1)", "1.00 (n=1)", "–", "–", "1.00 (n=1)"],
    ]
    assert rows_of(learned) == [
        ["Split-MNIST", "Beta", "50 (n=1)", "61.5 (n=1)"],
        ["Split-MNIST", "Undecided", "50.00 (n=1)", "50.00 (n=1)"],
    ]
    assert rows_of(penalty) == []
    assert rows_of(related)[1] == ["3", "the same task again", "60.00 ± 1.00 (n=3)", "20.00"]


def test_the_beginnings_of_masks_are_compared() -> None:
    random, suitable = (variant.title for variant in FACTORS["transfer"].variants)
    cells = [
        ("transfer", "split_omniglot", variant, metric, value, 0.01, 3)
        for variant, accuracy, used in ((random, 0.88, 0.78), (suitable, 0.89, 0.65))
        for metric, value in (("acc", accuracy), ("weights_used", used))
    ]
    measured = replace(example(), cells=pd.DataFrame(cells, columns=_CELLS))
    *_, beginning, _ = answers(measured)
    assert beginning.head == ["Benchmark", "Metric", random, suitable]
    assert rows_of(beginning) == [
        ["Sequential Omniglot", "ACC", "88.00 ± 1.00 (n=3)", "89.00 ± 1.00 (n=3)"],
        ["Sequential Omniglot", "Weights used", "78.00 ± 1.00 (n=3)", "65.00 ± 1.00 (n=3)"],
    ]


def test_the_relation_of_each_task_to_the_first() -> None:
    shares = related_overlap(example())
    assert list(shares["what"]) == [
        "another permutation",
        "the same task again",
        "the same, rotated by 10 degrees",
    ]
    assert list(shares["overlap"]) == [0.21, 0.6, 0.5]


def test_a_table_has_a_row_a_variant_that_was_measured(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "ablation.md"
    page.parent.mkdir()
    write_page(example(), page)
    text = page.read_text()
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Answers",
        f"## {FACTORS['beta'].title}",
        "## Related tasks",
    ]
    below = text[text.index(f"## {FACTORS['beta'].title}") :]
    rows = [line for line in below.splitlines() if line.startswith("| Split-MNIST")]
    assert len(rows) == 4
    assert rows[-1].startswith("| Split-MNIST | learned, from 50 | 1 | 93.00 | – | 1.00 | 50.00 |")
    assert BENCHMARKS[RELATED].summary in text


def test_the_same_numbers_give_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_page(example(), tmp_path / name / "ablation.md")
    figures = ["ablation_beta.svg", "ablation_related.svg"]
    for file in ["ablation.md", *(f"figures/{name}" for name in figures)]:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
