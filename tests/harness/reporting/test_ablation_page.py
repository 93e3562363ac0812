"""The page of the ablation: every number in its place, and answers made of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from harness.analysis.ablation import Ablation
from harness.config.ablation import FACTORS, RELATED
from harness.config.benchmarks import BENCHMARKS
from harness.reporting.ablation_answers import NOT_MEASURED, answers, related_overlap
from harness.reporting.ablation_page import write_page

_CELLS = ["factor", "benchmark", "variant", "metric", "mean", "half_width", "seeds"]
_PAIRS = ["benchmark", "factor", "variant", "task", "other", "overlap", "chance"]


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
        (RELATED, "transfer", "random", 1, other, share, 0.2)
        for other, share in ((2, 0.21), (3, 0.6), (4, 0.5))
    ]
    return Ablation(pd.DataFrame(cells, columns=_CELLS), pd.DataFrame(pairs, columns=_PAIRS))


def test_what_was_not_measured_is_said() -> None:
    nothing = Ablation(pd.DataFrame(columns=_CELLS), pd.DataFrame(columns=_PAIRS))
    found = dict(answers(nothing))
    assert len(found) == 6
    assert set(found.values()) == {NOT_MEASURED}


def test_answers_have_the_numbers() -> None:
    beta, learned, penalty, related, *_ = (answer for _, answer in answers(example()))
    assert "91.00 at a constant beta of 50 (rounding takes 1.00)" in beta
    assert "99.00 with a beta that rises from 50 to 2000" in beta
    assert "it ends at 61.5 and leaves 50.00 % of the relevances undecided" in learned
    assert penalty == NOT_MEASURED
    assert "60.0 % (20.0) with the same task again" in related


def test_the_beginnings_of_masks_are_compared() -> None:
    random, suitable = (variant.title for variant in FACTORS["transfer"].variants)
    cells = [
        ("transfer", "split_omniglot", variant, metric, value, float("nan"), 1)
        for variant, accuracy, used in ((random, 0.88, 0.78), (suitable, 0.89, 0.65))
        for metric, value in (("acc", accuracy), ("weights_used", used))
    ]
    measured = replace(example(), cells=pd.DataFrame(cells, columns=_CELLS))
    *_, beginning = (answer for _, answer in answers(measured))
    assert beginning == (
        "Sequential Omniglot: 89.00 from the most suitable finished mask, using 65.00 % of the "
        "weights; 88.00 from a random one, using 78.00 % of the weights."
    )


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
    rows = [line for line in text.splitlines() if line.startswith("| Split-MNIST")]
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
