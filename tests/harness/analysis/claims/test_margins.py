"""Verdicts on the margins over other methods, paired by seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from harness.analysis.claims.evidence import Evidence
from harness.analysis.claims.margins import judge_margin, margins
from harness.analysis.claims.verdict import Estimate, Verdict, Word

Make = Callable[[Mapping[Any, Sequence[float]]], Evidence]

RMN = (0.90, 0.92, 0.94)
"""Of three seeds."""


@pytest.mark.parametrize(
    ("mean", "half", "word"),
    [
        (2.0, 1.0, Word.REPRODUCED),  # 1.0 to 3.0 reaches 2.8
        (4.0, 0.5, Word.REPRODUCED),
        (2.0, 0.5, Word.NOT_REPRODUCED),  # better, by less
        (0.5, 1.0, Word.CONTRADICTED),  # perhaps not better, surely not by 2.8
        (-1.0, 0.5, Word.CONTRADICTED),
    ],
)
def test_a_margin_is_judged_by_its_interval(mean: float, half: float, word: Word) -> None:
    assert judge_margin(Estimate(mean, half, 5), 2.8)[0] is word


def on_split_mnist(given: Mapping[str, Sequence[float]], make: Make, start: str) -> Verdict:
    values = {("split_mnist", "task-il", name, "acc"): each for name, each in given.items()}
    [claim] = [one for one in margins() if one.statement.startswith(start)]
    return claim.judge(make(values))


def test_the_best_other_method_is_the_rival_and_a_bound_is_none(evidence: Make) -> None:
    given = {
        "rmn": RMN,
        "single": [0.99] * 3,
        "ewc": [value - 0.2 for value in RMN],
        "hat": [value - 0.02 for value in RMN],
    }
    start = "RMN is better than every other method on Split-MNIST"
    found = on_split_mnist(given, evidence, start)
    assert (found.word, found.ours) == (Word.REPRODUCED, "+2.00 ± 0.00 over HAT")
    assert found.difference == "+1.50"  # than the paper's 0.5
    given["hat"] = [RMN[0] + 0.01, RMN[1] - 0.01, RMN[2]]
    assert on_split_mnist(given, evidence, start).word is Word.REPRODUCED  # too wide to exclude it
    given["hat"] = list(RMN)
    assert on_split_mnist(given, evidence, start).word is Word.CONTRADICTED


def test_two_seeds_are_no_measurement(evidence: Make) -> None:
    given = {"rmn": RMN[:2], "hat": (0.8, 0.81)}
    start = "RMN is better than every other method on Split-MNIST"
    found = on_split_mnist(given, evidence, start)
    assert found.word is Word.NOT_MEASURED
    assert "fewer than 3 seeds; python -m harness.compare" in found.why


def test_better_than_a_kind_is_better_than_each_of_them(evidence: Make) -> None:
    start = "RMN is substantially better"
    lower = [value - 0.1 for value in RMN]
    found = on_split_mnist({"rmn": RMN, "hat": lower, "mas": lower}, evidence, start)
    assert found.word is Word.REPRODUCED
    found = on_split_mnist({"rmn": RMN, "hat": RMN, "mas": lower}, evidence, start)
    assert found.word is Word.CONTRADICTED
    assert "HAT on S-MNIST" in found.why
    assert on_split_mnist({"rmn": RMN}, evidence, start).word is Word.NOT_MEASURED
