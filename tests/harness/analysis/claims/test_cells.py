"""Verdicts on the numbers of the paper's tables."""

from __future__ import annotations

from dataclasses import replace
from math import nan
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.claims.cells import cells, judge_number
from harness.analysis.claims.evidence import Evidence, read_evidence
from harness.analysis.claims.verdict import Estimate, Verdict, Word
from harness.analysis.published import QUOTED


@pytest.mark.parametrize(
    ("mean", "half", "paper", "subject", "word"),
    [
        (99.0, 0.1, 99.5, True, Word.REPRODUCED),  # within 1.5 points
        (97.9, 0.1, 99.5, True, Word.NOT_REPRODUCED),
        (97.5, 2.5, 99.5, True, Word.REPRODUCED),  # the interval covers it
        (90.0, 12.0, 99.5, True, Word.NOT_REPRODUCED),  # and says nothing if it is as wide
        (85.0, 0.5, 80.0, True, Word.REPRODUCED),  # RMN does better than claimed
        (85.0, 0.5, 80.0, False, Word.CONTRADICTED),  # a baseline does better than printed
        (70.0, nan, 80.0, False, Word.NOT_REPRODUCED),  # one seed has no interval
        (85.0, nan, 80.0, False, Word.NOT_REPRODUCED),  # and excludes nothing
        (85.0, nan, 80.0, True, Word.REPRODUCED),
    ],
)
def test_a_number_is_judged_by_the_rule_of_the_report(
    mean: float, half: float, paper: float, subject: bool, word: Word
) -> None:
    assert judge_number(Estimate(mean, half, 3), paper, subject=subject)[0] is word


def test_every_number_is_a_claim_in_every_scenario_that_it_is_claimed_for() -> None:
    found = [(one.benchmark, one.method, one.scenario) for one in cells()]
    assert len(set(found)) == len(found)
    expected = {(q.benchmark, q.method, scenario) for q in QUOTED for scenario in q.scenarios}
    assert set(found) == expected


def verdict(
    evidence: Evidence, method: str, scenario: str = "task-il", benchmark: str = "split_mnist"
) -> Verdict:
    [cell] = [
        one
        for one in cells()
        if (one.benchmark, one.method, one.scenario) == (benchmark, method, scenario)
    ]
    return cell.claim.judge(evidence)


def test_what_is_stored_decides(tmp_path: Path, save_run: Any) -> None:
    for seed, level in enumerate((0.985, 0.99, 0.995)):
        save_run(tmp_path, "rmn", seed, level)
        save_run(tmp_path, "ewc", seed, level)
    evidence = read_evidence(tmp_path, "default")
    rmn = verdict(evidence, "rmn")
    assert (rmn.word, rmn.ours, rmn.difference) == (Word.REPRODUCED, "99.00 ± 1.24", "-0.50")
    ewc = verdict(evidence, "ewc")
    assert (ewc.word, ewc.difference) == (Word.CONTRADICTED, "+35.90")
    hat = verdict(evidence, "hat")
    assert hat.word is Word.NOT_MEASURED
    command = "python -m harness.compare --benchmark split_mnist --scenario task-il --methods hat"
    assert hat.why == command
    assert verdict(evidence, "rmn", "class-il").word is Word.NOT_MEASURED


@pytest.mark.parametrize(
    ("method", "profile", "word"),
    [
        ("frcl", "default", Word.NOT_REPRODUCED),  # 200 examples a task, the paper's 40
        ("frcl", "paper", Word.CONTRADICTED),
        ("ewc", "default", Word.CONTRADICTED),  # it keeps none
    ],
)
def test_more_stored_examples_than_the_paper_s_contradict_nothing(
    method: str, profile: str, word: Word, evidence: Any
) -> None:
    given = evidence({("split_mnist", "task-il", method, "acc"): (0.995, 0.996, 0.997)})
    found = verdict(replace(given, profile=profile), method)
    assert found.word is word
    more = "of 200 stored examples a task and not 40" in found.why
    assert more is (method == "frcl" and profile == "default")


def test_a_method_that_is_not_here_cannot_be_tested(tmp_path: Path, save_run: Any) -> None:
    save_run(tmp_path, "rmn", 0, 0.9)
    found = verdict(read_evidence(tmp_path, "default"), "snow", benchmark="split_omniglot")
    assert found.word is Word.NOT_TESTABLE


def test_neither_variants_nor_another_normalisation_are_evidence(
    tmp_path: Path, save_run: Any
) -> None:
    save_run(tmp_path, "rmn", 0, 0.9, norm="none")
    save_run(tmp_path, "ewc", 0, 0.9, epochs=5)
    evidence = read_evidence(tmp_path, "default")
    assert verdict(evidence, "rmn").word is Word.NOT_MEASURED
    assert verdict(evidence, "ewc").word is Word.NOT_MEASURED
