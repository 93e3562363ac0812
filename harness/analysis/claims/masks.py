"""Claims about masks: what they share, how they tighten, what they take."""

from __future__ import annotations

from typing import Final

from baselines.registry import methods
from harness.analysis.claims.evidence import LABELLED, Evidence, command
from harness.analysis.claims.outcomes import Found, missing, texts
from harness.analysis.claims.verdict import SAME, Verdict, Word, estimate, gained
from harness.analysis.published import short
from harness.config.benchmarks import BENCHMARKS
from harness.config.scenarios import TASK_IL

_SPLIT: Final = "split_mnist"
_RMN: Final = "rmn"
_SHARED: Final = 5.0
"""Percent of two masks that may be common before they are said to overlap."""
_FULL: Final = 99.5
"""Percent of the weights from which all of them are used up."""
_KILOBYTES: Final = 12.0
_BETAS: Final = 80.0


def judge_disjoint_masks(evidence: Evidence) -> Verdict:
    """Intersection over union of the masks of two tasks, mean over pairs."""
    found = _of_rmn(evidence, "mask_overlap")
    if not found:
        return missing(evidence, _SPLIT, scenario=TASK_IL, methods=_RMN)
    ours = texts(found, unit=" % of the union")
    if all(each.mean <= _SHARED for _, each in found):
        return Verdict(Word.REPRODUCED, f"at most {_SHARED:g} % in common", ours, TASK_IL)
    if any(each.low > _SHARED for _, each in found):
        return Verdict(Word.CONTRADICTED, "different tasks share weights", ours, TASK_IL)
    return Verdict(Word.NOT_REPRODUCED, "too few seeds to exclude it", ours, TASK_IL)


def judge_related_overlap(_: Evidence) -> Verdict:
    """No stream has the same task twice."""
    return Verdict(Word.NOT_TESTABLE, "no benchmark here repeats a permutation")


def judge_beta(evidence: Evidence) -> Verdict:
    """The largest difference between two betas of 80 and more that stay as they are."""
    values = {
        _assigned(variant)["beta"]: evidence.values(_SPLIT, TASK_IL, _RMN, "acc", variant)
        for variant in evidence.variants(_SPLIT, TASK_IL, _RMN)
        if _is_fixed_beta(variant)
    }
    found = [
        (f"{one} against {other}", gained(values[one], values[other]))
        for one in values
        for other in values
        if float(one) > float(other)
    ]
    found = [(what, each) for what, each in found if each.seeds]
    if not found:
        both = [
            command(
                evidence,
                _SPLIT,
                scenario=TASK_IL,
                methods=_RMN,
                settings=(f"rmn.beta={beta}", "rmn.beta_end=none"),
            )
            for beta in (80, 500)
        ]
        return Verdict(Word.NOT_MEASURED, "; ".join(both))
    what, largest = max(found, key=lambda pair: abs(pair[1].mean))
    ours = f"{largest.text(sign=True)} of {what}"
    if abs(largest.mean) <= SAME:
        return Verdict(Word.REPRODUCED, f"at most {SAME:g} points", ours, TASK_IL)
    if largest.low > SAME or largest.high < -SAME:
        return Verdict(Word.CONTRADICTED, f"more than {SAME:g} points", ours, TASK_IL)
    return Verdict(Word.NOT_REPRODUCED, "too few seeds to exclude it", ours, TASK_IL)


def judge_learned_beta(evidence: Evidence) -> Verdict:
    """Beta when the mask is rounded, against its first value."""
    for variant in evidence.variants(_SPLIT, TASK_IL, _RMN):
        assigned = _assigned(variant)
        if assigned.get("learn_beta") != "True":
            continue
        first = float(assigned.get("beta", str(getattr(methods()[_RMN], "beta", 1.0))))
        last = estimate(evidence.values(_SPLIT, TASK_IL, _RMN, "beta", variant), scale=1)
        if not last.seeds:
            continue
        ours = f"{last.text(digits=1)}, from {first:g}"
        difference = f"{last.mean - first:+.1f}"
        if last.low > first:
            return Verdict(Word.REPRODUCED, "it rises", ours, TASK_IL, difference)
        if last.high <= first:
            return Verdict(Word.CONTRADICTED, "it does not rise", ours, TASK_IL, difference)
        return Verdict(Word.NOT_REPRODUCED, "too few seeds to say", ours, TASK_IL, difference)
    return missing(
        evidence, _SPLIT, scenario=TASK_IL, methods=_RMN, settings=("rmn.learn_beta=true",)
    )


def judge_usage(evidence: Evidence) -> Verdict:
    """Share of the weights that any mask keeps after the last task."""
    found = _of_rmn(evidence, "weights_used")
    if not found:
        return missing(evidence, _SPLIT, scenario=TASK_IL, methods=_RMN)
    ours = texts(found, unit=" %")
    full = [what for what, each in found if each.high >= _FULL]
    if full:
        why = f"{_FULL} % or more are used on {' and '.join(full)}"
        return Verdict(Word.CONTRADICTED, why, ours, TASK_IL)
    return Verdict(Word.REPRODUCED, "some are left after the last task", ours, TASK_IL)


def judge_memory(evidence: Evidence) -> Verdict:
    """Bytes that RMN's predictions need beyond one network, after the last task."""
    values = evidence.values(_SPLIT, TASK_IL, _RMN, "inference_bytes")
    if values.empty:
        return missing(evidence, _SPLIT, scenario=TASK_IL, methods=_RMN)
    tasks = BENCHMARKS[_SPLIT].tasks
    kilobytes = float(values.mean()) / 1000
    ours = f"{kilobytes:.1f} kB, {kilobytes / tasks:.1f} kB for each of {tasks} tasks"
    difference = f"{kilobytes - _KILOBYTES:+.1f} kB"
    if kilobytes <= _KILOBYTES:
        return Verdict(Word.REPRODUCED, "no more is needed", ours, TASK_IL, difference)
    why = "a mask of 99,400 weights takes 12.4 kB at a bit a weight: 12 kB are those of one task"
    return Verdict(Word.CONTRADICTED, why, ours, TASK_IL, difference)


def _of_rmn(evidence: Evidence, metric: str) -> Found:
    """A metric of RMN with the identity on each benchmark, in percent."""
    values = {name: evidence.values(name, TASK_IL, _RMN, metric) for name in LABELLED}
    return [(short(name), estimate(v)) for name, v in values.items() if len(v)]


def _assigned(variant: str) -> dict[str, str]:
    """The settings of a variant as printed, by name."""
    return dict(one.split("=", 1) for one in variant.split(", ") if "=" in one)


def _is_fixed_beta(variant: str) -> bool:
    """Whether a variant differs in a beta alone, of 80 or more, that stays as it is."""
    assigned = _assigned(variant)
    if set(assigned) != {"beta", "beta_end"}:
        return False
    fixed = assigned["beta_end"] in ("None", assigned["beta"])
    return fixed and float(assigned["beta"]) >= _BETAS
