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

PRINTED = ("vcl_coreset", "hat", "rwalk", "frcl", "fromp", "dlp", "ewc", "si")
"""The methods that Table 1 of the paper has on Split-MNIST."""


@pytest.mark.parametrize(
    ("mean", "half", "word"),
    [
        (2.0, 1.0, Word.REPRODUCED),  # 1.0 to 3.0 reaches 2.8
        (4.0, 0.5, Word.REPRODUCED),
        (2.0, 0.5, Word.NOT_REPRODUCED),  # better, by less
        (2.0, 2.5, Word.NOT_REPRODUCED),  # -0.5 to 4.5: by 2.8, or not at all
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
    far = [value - 0.2 for value in RMN]
    given: dict[str, Sequence[float]] = dict.fromkeys(PRINTED, far) | {
        "rmn": RMN,
        "single": [0.99] * 3,
        "hat": [value - 0.02 for value in RMN],
    }
    start = "RMN is better than every other method of the table on Split-MNIST"
    found = on_split_mnist(given, evidence, start)
    assert (found.word, found.ours) == (Word.REPRODUCED, "+2.00 ± 0.00 over HAT")
    assert found.difference == "+1.50"  # than the paper's 0.5
    given["hat"] = [RMN[0] + 0.01, RMN[1] - 0.01, RMN[2]]
    assert on_split_mnist(given, evidence, start).word is Word.NOT_REPRODUCED  # too wide to say
    given["hat"] = list(RMN)
    assert on_split_mnist(given, evidence, start).word is Word.CONTRADICTED


def test_a_method_that_the_table_lacks_is_named_and_decides_nothing(evidence: Make) -> None:
    start = "RMN is better than every other method of the table on Split-MNIST"
    lower = [value - 0.1 for value in RMN]
    later = {"wsn": [value + 0.01 for value in RMN]}
    found = on_split_mnist({**dict.fromkeys(PRINTED, lower), "rmn": RMN, **later}, evidence, start)
    assert found.word is Word.REPRODUCED
    assert found.ours.startswith("+10.00 ± 0.00 over ")
    assert found.ours.endswith(" (-1.00 ± 0.00 over WSN, which the table does not have)")
    assert on_split_mnist({"rmn": RMN, **later}, evidence, start).word is Word.NOT_MEASURED


def test_better_than_every_other_method_needs_every_one_of_the_table(evidence: Make) -> None:
    start = "RMN is better than every other method of the table on Split-MNIST"
    lower = [value - 0.1 for value in RMN]
    given: dict[str, Sequence[float]] = {**dict.fromkeys(PRINTED, lower), "rmn": RMN}
    assert on_split_mnist(given, evidence, start).word is Word.REPRODUCED
    del given["frcl"], given["dlp"]
    found = on_split_mnist(given, evidence, start)
    assert found.word is Word.NOT_MEASURED
    assert found.why.startswith("of those measured, +10.00 ± 0.00 over ")
    assert found.why.endswith("--benchmark split_mnist --scenario task-il --methods dlp,frcl")
    given["hat"] = [value + 0.1 for value in RMN]  # one suffices to contradict it
    assert on_split_mnist(given, evidence, start).word is Word.CONTRADICTED


@pytest.mark.parametrize(
    "rival", ["replay", "agem", "derpp", "vcl_coreset", "frcl", "mega", "fromp"]
)
@pytest.mark.parametrize("scenario", ["task-il", "class-il"])
def test_better_than_replay_is_better_than_each_that_replays_in_each_scenario(
    rival: str, scenario: str, evidence: Make
) -> None:
    [claim] = [
        one for one in margins() if one.statement == "RMN is better than methods that replay"
    ]
    given = {
        ("split_mnist", where, name, "acc"): [value - 0.1 * (name != "rmn") for value in RMN]
        for where in ("task-il", "class-il")
        for name in ("rmn", "replay", rival)
    }
    assert claim.judge(evidence(given)).word is Word.REPRODUCED
    for advantage, word in ((0.0, Word.NOT_REPRODUCED), (0.01, Word.CONTRADICTED)):
        given["split_mnist", scenario, rival, "acc"] = [value + advantage for value in RMN]
        found = claim.judge(evidence(given))
        assert found.word is word
        assert found.why.endswith(f"on S-MNIST ({scenario})")


def test_two_seeds_are_no_measurement(evidence: Make) -> None:
    given = {"rmn": RMN[:2], "hat": (0.8, 0.81)}
    start = "RMN is better than every other method of the table on Split-MNIST"
    found = on_split_mnist(given, evidence, start)
    assert found.word is Word.NOT_MEASURED
    assert "fewer than 3 seeds; python -m harness.compare" in found.why


def test_better_than_a_kind_is_better_than_each_of_them(evidence: Make) -> None:
    start = "RMN is substantially better"
    lower = [value - 0.1 for value in RMN]
    found = on_split_mnist({"rmn": RMN, "hat": lower, "mas": lower}, evidence, start)
    assert found.word is Word.REPRODUCED
    unsure = [RMN[0] + 0.01, RMN[1] - 0.01, RMN[2] + 0.01]  # an interval with zero in it
    found = on_split_mnist({"rmn": RMN, "hat": unsure, "mas": lower}, evidence, start)
    assert found.word is Word.NOT_REPRODUCED
    assert "HAT on S-MNIST" in found.why
    assert on_split_mnist({"rmn": RMN}, evidence, start).word is Word.NOT_MEASURED
