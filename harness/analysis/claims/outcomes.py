"""What functions that judge have in common: losses, texts, and what to type."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from harness.analysis.claims.evidence import LABELLED, Evidence, command
from harness.analysis.claims.verdict import Estimate, Verdict, Word
from harness.config.scenarios import TASK_IL

Found = list[tuple[str, Estimate]]
"""Where something was measured, and what came out."""


def no_loss(found: Found, tolerance: float, scenario: str) -> Verdict:
    """Reproduced if no loss is larger than a tolerance, contradicted if one surely is.

    Args:
        found: what is gained, in points.
        tolerance: in points.
        scenario: as printed.
    """
    ours = texts(found, sign=True)
    lost = [what for what, each in found if each.high < -tolerance]
    if lost:
        why = f"more than {tolerance:g} points are lost on {' and '.join(lost)}"
        return Verdict(Word.CONTRADICTED, why, ours, scenario)
    if all(each.mean >= -tolerance for _, each in found):
        return Verdict(Word.REPRODUCED, f"at most {tolerance:g} points are lost", ours, scenario)
    return Verdict(Word.NOT_REPRODUCED, "too few seeds to exclude a loss", ours, scenario)


def texts(found: Iterable[tuple[str, Estimate]], *, sign: bool = False, unit: str = "") -> str:
    """What was measured where, as printed.

    Args:
        found: places with what was measured there.
        sign: whether numbers above zero have a plus.
        unit: after each number.
    """
    return "; ".join(f"{each.text(sign=sign)}{unit} on {what}" for what, each in found)


def of_variants(evidence: Evidence, measured: Callable[[Evidence, str], Estimate]) -> Found:
    """What was measured of variants on each of the paper's benchmarks, where it was first.

    Args:
        evidence: with its ablation.
        measured: estimates it, of evidence and the name of a benchmark; of no seeds where it was
            not measured.
    """
    found: Found = []
    for name in LABELLED:
        each = [(place.named(name), measured(place, name)) for place in evidence.of_variants()]
        found += [(what, one) for what, one in each if one.seeds][:1]
    return found


def not_ablated(factor: str) -> Verdict:
    """That variants were not measured with the task identity, with the command that measures them.

    Args:
        factor: of the ablation.
    """
    command = f"python -m harness.ablation --factor {factor}"
    return Verdict(Word.NOT_MEASURED, command, scenario=TASK_IL)


def missing(
    evidence: Evidence,
    benchmark: str,
    *,
    methods: str,
    scenario: str = "",
) -> Verdict:
    """That something was not measured, with the command that measures it.

    Args:
        evidence: whose profile it is.
        benchmark: its name.
        methods: names, separated by commas.
        scenario: its name, "" for those of the benchmark.
    """
    more = command(evidence, benchmark, scenario=scenario, methods=methods)
    return Verdict(Word.NOT_MEASURED, more, scenario=scenario)
