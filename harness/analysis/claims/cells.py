"""Every number of the paper's Tables 1 to 3 as a claim."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import isnan
from typing import Final

from baselines.components.rehearsing import RehearsingBaseline
from baselines.interface import Baseline, Role
from baselines.registry import methods
from harness.analysis.claims.evidence import Evidence, command
from harness.analysis.claims.verdict import CLOSE, Claim, Estimate, Verdict, Word, estimate
from harness.analysis.published import QUOTED, Quoted, short, titled
from harness.config.benchmark_registry import benchmarks
from harness.config.budgets import PAPER

_WIDE: Final = 5.0
"""Points; an interval with more to either side covers too much to reproduce anything."""


@dataclass(frozen=True, slots=True)
class QuotedCell:
    """A number of a table, held against our measurement in one scenario.

    Attributes:
        benchmark: its name.
        method: its name.
        title: of the method, as printed.
        scenario: its name.
        claim: the number as a claim.
    """

    benchmark: str
    method: str
    title: str
    scenario: str
    claim: Claim


def cells() -> list[QuotedCell]:
    """All of them, in the order of `published.csv`; RMN's are claimed in several scenarios."""
    return [_cell(quoted, scenario) for quoted in QUOTED for scenario in quoted.scenarios]


def judge_number(ours: Estimate, paper: float, *, subject: bool) -> tuple[Word, str]:
    """The verdict on an accuracy, and what decided it.

    It is reproduced within `CLOSE` points, or if our interval covers it and is no wider than 5
    points to either side; the paper's own method also where it does better. A baseline that does
    better than printed contradicts the table, unless one seed says so: the paper's margin rests on
    that number.

    Args:
        ours: of at least one seed, in percent.
        paper: in percent.
        subject: whether it is of the paper's own method.
    """
    difference = ours.mean - paper
    of_one = ", of one seed" if ours.seeds == 1 else ""
    if abs(difference) <= CLOSE:
        return Word.REPRODUCED, f"within {CLOSE:g} points{of_one}"
    if not isnan(ours.half) and ours.low <= paper <= ours.high:
        if ours.half <= _WIDE:
            return Word.REPRODUCED, "our interval covers it"
        return Word.NOT_REPRODUCED, "our interval covers it, and is too wide to say more"
    if difference < 0:
        return Word.NOT_REPRODUCED, "ours is lower"
    if subject:
        return Word.REPRODUCED, f"ours is higher{of_one}"
    if isnan(ours.half):
        return Word.NOT_REPRODUCED, "ours is higher, of too few seeds to exclude it"
    return Word.CONTRADICTED, "the method does better than printed"


def _cell(quoted: Quoted, scenario: str) -> QuotedCell:
    title = titled(quoted.method)
    return QuotedCell(
        quoted.benchmark,
        quoted.method,
        title,
        scenario,
        Claim(
            f"{title} on {short(quoted.benchmark)}",
            quoted.source.rpartition(", ")[2],
            quoted.value,
            partial(_judge, quoted=quoted, scenario=scenario),
        ),
    )


def _judge(evidence: Evidence, quoted: Quoted, scenario: str) -> Verdict:
    known = methods().get(quoted.method)
    if known is None:
        return Verdict(Word.NOT_TESTABLE, "not implemented here", scenario=scenario)
    network = benchmarks()[quoted.benchmark].network
    if network in known.unsuited_networks:
        return Verdict(Word.NOT_TESTABLE, f"not defined for {network}", scenario=scenario)
    ours = estimate(evidence.values(quoted.benchmark, scenario, quoted.method, "acc"))
    if isnan(ours.mean):
        more = command(evidence, quoted.benchmark, scenario=scenario, methods=quoted.method)
        return Verdict(Word.NOT_MEASURED, more, scenario=scenario)
    paper = float(quoted.value.split()[0])
    word, why = judge_number(ours, paper, subject=known.role is Role.SUBJECT)
    if word is Word.CONTRADICTED and evidence.profile != PAPER:
        own, theirs = _examples(known, quoted.benchmark)
        if own > theirs:
            word = Word.NOT_REPRODUCED
            why = f"ours is higher, of {own} stored examples a task and not {theirs}"
    return Verdict(word, why, ours.text(), scenario, f"{ours.mean - paper:+.2f}")


def _examples(method: type[Baseline], benchmark: str) -> tuple[int, int]:
    """How many examples of a task a method keeps, by default and in the paper's table."""
    if not issubclass(method, RehearsingBaseline):
        return 0, 0
    own = method.per_task
    return own, method.paper_settings.get(benchmark, {}).get("per_task", own)
