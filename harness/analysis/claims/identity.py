"""Claims about who is told which task it is, and about naming it."""

from __future__ import annotations

from typing import Final

from harness.analysis.claims.evidence import LABELLED, Evidence, command
from harness.analysis.claims.outcomes import Found, missing, no_loss, texts
from harness.analysis.claims.verdict import CLOSE, Verdict, Word, estimate, gained
from harness.analysis.published import short
from harness.config.benchmarks import BENCHMARKS
from harness.config.scenarios import TASK_IL, scenarios_of

_SPLIT: Final = "split_mnist"
_RMN: Final = "rmn"
_NAMED: Final = 98.5
"""Percent of test examples whose task must be named for the rule to equal the right mask."""


def judge_without_identity(evidence: Evidence) -> Verdict:
    """Accuracy without the identity minus that with it, by seed, on each benchmark."""
    found: Found = []
    for name in LABELLED:
        without = scenarios_of(BENCHMARKS[name])[-1]
        values = evidence.values(name, without, _RMN, "acc")
        each = gained(values, evidence.values(name, TASK_IL, _RMN, "acc"))
        if each.seeds:
            found.append((f"{short(name)} ({without})", each))
    if not found:
        return missing(evidence, _SPLIT, methods=_RMN)
    return no_loss(found, CLOSE, "without identity")


def judge_max_rule(evidence: Evidence) -> Verdict:
    """Share of test examples whose task the max rule names, on each benchmark."""
    found: Found = []
    for name in LABELLED:
        without = scenarios_of(BENCHMARKS[name])[-1]
        values = evidence.values(name, without, _RMN, "task_inference")
        if len(values):
            found.append((f"{short(name)} ({without})", estimate(values)))
    if not found:
        return missing(evidence, _SPLIT, methods=_RMN)
    ours = texts(found, unit=" %")
    if all(each.mean >= _NAMED for _, each in found):
        return Verdict(Word.REPRODUCED, f"the task is named for {_NAMED} % or more", ours)
    if any(each.high < _NAMED for _, each in found):
        why = "the rule often picks another task's mask"
        return Verdict(Word.CONTRADICTED, why, ours, "without identity")
    return Verdict(Word.NOT_REPRODUCED, "too few seeds to exclude it", ours, "without identity")


def judge_without_labels(evidence: Evidence) -> Verdict:
    """Accuracy that RMN loses without labels against itself with them (`degradation`)."""
    found: Found = []
    for name in ("split_mnist_unsupervised", "permuted_mnist_unsupervised"):
        [scenario] = scenarios_of(BENCHMARKS[name])
        values = evidence.values(name, scenario, "rmn_unsupervised", "degradation")
        if len(values):
            found.append((f"{short(name)} ({scenario})", estimate(-values)))
    if not found:
        both = [
            command(evidence, _SPLIT, methods=_RMN) + " --profile constant",
            command(evidence, "split_mnist_unsupervised", methods="rmn_unsupervised"),
        ]
        return Verdict(Word.NOT_MEASURED, "; ".join(both))
    return no_loss(found, CLOSE, "without identity")


def judge_hat_without_identity(evidence: Evidence) -> Verdict:
    """Share of test examples whose task HAT names by the rule that RMN has, against chance."""
    found: Found = []
    chances = []
    for name in LABELLED:
        without = scenarios_of(BENCHMARKS[name])[-1]
        values = evidence.values(name, without, "hat", "task_inference")
        if len(values):
            found.append((f"{short(name)} ({without})", estimate(values)))
            chances.append(100 / BENCHMARKS[name].tasks)
    if not found:
        return missing(evidence, _SPLIT, scenario="class-il", methods="hat")
    ours = texts(found, unit=" % of tasks named")
    better = [each.low > 2 * chance for (_, each), chance in zip(found, chances, strict=True)]
    if any(better):
        why = "by the same max rule it names tasks more than twice as often as by chance"
        return Verdict(Word.CONTRADICTED, why, ours, "without identity")
    if all(each.mean <= 2 * chance for (_, each), chance in zip(found, chances, strict=True)):
        return Verdict(Word.REPRODUCED, "hardly better than by chance", ours, "without identity")
    return Verdict(Word.NOT_REPRODUCED, "too few seeds to say", ours, "without identity")
