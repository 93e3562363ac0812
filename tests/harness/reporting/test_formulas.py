"""Formulas as mathematics: nothing is lost, and Typst takes every one."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.analysis.metrics.definition import metrics
from harness.reporting.formulas import segments
from harness.reporting.typesetting import typeset


@pytest.mark.parametrize(
    ("formula", "maths"),
    [
        ("mean_j R[T,j]", ['limits("mean")_(j)', "R_(T,j)"]),
        ("max_{j<=l<T} R[l,j]", ['limits("max")_(j<=l<T)', "R_(l,j)"]),
        ("mean of |A and B| / |A or B|", ["(|A inter B|) / (|A union B|)"]),
        ("accuracy on task j when learned", ["j"]),
        ("bytes kept after the last task", []),
    ],
)
def test_symbols_become_mathematics(formula: str, maths: list[str]) -> None:
    assert [source for is_maths, source in segments(formula) if is_maths] == maths


def test_words_stay_as_they_are() -> None:
    for metric in metrics().values():
        words = "".join(text for is_maths, text in segments(metric.formula) if not is_maths)
        assert "_" not in words, metric.id
        assert "[" not in words, metric.id


def test_typst_takes_the_formula_of_every_metric(tmp_path: Path) -> None:
    page = tmp_path / "page" / "formulas.typ"
    page.parent.mkdir()
    page.write_text(
        "#for source in json(bytes(sys.inputs.data)).maths "
        '[#math.equation(eval(source, mode: "math")) ]'
    )
    maths = [
        source
        for metric in metrics().values()
        for is_maths, source in segments(metric.formula)
        if is_maths
    ]
    assert len(maths) > 20
    assert typeset(page, {"maths": maths}, tmp_path).startswith(b"%PDF")
