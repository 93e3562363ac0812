"""Claims about beta, the tightness of the soft-round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from baselines.registry import methods
from harness.analysis.claims.evidence import LABELLED, Evidence, Overrides
from harness.analysis.claims.outcomes import Found
from harness.analysis.claims.verdict import SAME, Verdict, Word, estimate, gained
from harness.config.scenarios import TASK_IL
from harness.config.settings import declared

_RMN: Final = "rmn"
_LEAST: Final = 80.0
"""Beta from which the paper sees no difference."""
_LOOSE: Final = 5.0
"""Percent of relevances that may be undecided in a mask that counts as tight."""
_ABLATION: Final = "python -m harness.ablation --factor beta"


def judge_beta(evidence: Evidence) -> Verdict:
    """The largest difference between two betas of 80 and more that stay as they are."""
    found: Found = []
    for each in evidence.of_variants():
        for name in LABELLED:
            found += _between_betas(each, name)
    if not found:
        return Verdict(Word.NOT_MEASURED, _ABLATION, scenario=TASK_IL)
    what, largest = max(found, key=lambda pair: abs(pair[1].mean))
    ours = f"{largest.text(sign=True)} of {what}"
    if abs(largest.mean) <= SAME:
        return Verdict(Word.REPRODUCED, f"at most {SAME:g} points", ours, TASK_IL)
    if largest.low > SAME or largest.high < -SAME:
        return Verdict(Word.CONTRADICTED, f"more than {SAME:g} points", ours, TASK_IL)
    return Verdict(Word.NOT_REPRODUCED, "too few seeds to exclude it", ours, TASK_IL)


def judge_learned_beta(evidence: Evidence) -> Verdict:
    """Beta when the mask is rounded, against its first value, on the first benchmark measured.

    A beta that rises has not tightened the mask as long as many of its relevances are undecided.
    """
    for name, variant, place in _learned(evidence):
        first = variant.get("beta", declared(methods()[_RMN])["beta"].default)
        last = estimate(place.values(name, TASK_IL, _RMN, "beta", variant), scale=1)
        if not last.seeds:
            continue
        ours = f"{last.text(digits=1)}, from {first:g}, on {place.named(name)}"
        difference = f"{last.mean - first:+.1f}"
        loose = estimate(place.values(name, TASK_IL, _RMN, "undecided", variant))
        if last.mean > first and loose.seeds and loose.mean > _LOOSE:
            why = f"it rises, but {loose.mean:.1f} % of the relevances are undecided when rounded"
            return Verdict(Word.NOT_REPRODUCED, why, ours, TASK_IL, difference)
        if last.low > first:
            return Verdict(Word.REPRODUCED, "it rises", ours, TASK_IL, difference)
        if last.high <= first:
            return Verdict(Word.CONTRADICTED, "it does not rise", ours, TASK_IL, difference)
        return Verdict(Word.NOT_REPRODUCED, "too few seeds to say", ours, TASK_IL, difference)
    return Verdict(Word.NOT_MEASURED, _ABLATION, scenario=TASK_IL)


def _between_betas(evidence: Evidence, benchmark: str) -> Found:
    """Differences between each two fixed betas that were measured."""
    values = {
        variant["beta"]: evidence.values(benchmark, TASK_IL, _RMN, "acc", variant)
        for variant in evidence.variants(benchmark, TASK_IL, _RMN)
        if _is_fixed(variant)
    }
    pairs = [(one, other) for one in values for other in values if one > other]
    found = [
        (
            f"{one} against {other} on {evidence.named(benchmark)}",
            gained(values[one], values[other]),
        )
        for one, other in pairs
    ]
    return [(what, each) for what, each in found if each.seeds]


def _learned(evidence: Evidence) -> Iterator[tuple[str, Overrides, Evidence]]:
    for place in evidence.of_variants():
        for name in LABELLED:
            for variant in place.variants(name, TASK_IL, _RMN):
                if variant.get("learn_beta"):
                    yield name, variant, place


def _is_fixed(variant: Overrides) -> bool:
    """Whether a variant differs in a beta alone, of 80 or more, that stays as it is."""
    if set(variant) != {"beta", "beta_end"}:
        return False
    beta, end = variant["beta"], variant["beta_end"]
    return end in (None, beta) and bool(beta >= _LEAST)
