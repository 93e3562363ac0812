"""Claims about masks: what they share, how they tighten, what they take."""

from __future__ import annotations

from typing import Final

import pandas as pd

from harness.analysis.ablation import overlap_and_chance
from harness.analysis.claims.evidence import LABELLED, NO_PENALTY, Evidence
from harness.analysis.claims.outcomes import Found, missing, not_ablated, of_variants, texts
from harness.analysis.claims.verdict import Estimate, Verdict, Word, estimate
from harness.analysis.published import short
from harness.config.ablation import RELATED
from harness.config.benchmarks import BENCHMARKS
from harness.config.scenarios import TASK_IL

_SPLIT: Final = "split_mnist"
_RMN: Final = "rmn"
_SHARED: Final = 5.0
"""Percent of two masks that may be common before they are said to overlap."""
_FULL: Final = 99.5
"""Percent of the weights from which all of them are used up."""
_KILOBYTES: Final = 12.0


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


def judge_related_overlap(evidence: Evidence) -> Verdict:
    """Overlap of the first mask with those of the same task again minus that with others, by seed.

    Both over what random masks as dense would share, since later masks are denser.
    """
    rows = [each.rows(RELATED, TASK_IL, _RMN) for each in evidence.of_variants()]
    measured = [one for one in rows if len(one)]
    if not measured:
        command = f"python -m harness.ablation --benchmark {RELATED} --factor transfer"
        return Verdict(Word.NOT_MEASURED, command, scenario=TASK_IL)
    ours = estimate(_more_with_the_same(measured[0]))
    text = f"{ours.text(sign=True)} points of the union on {BENCHMARKS[RELATED].title}"
    if ours.low > 0:
        return Verdict(Word.REPRODUCED, "more with the same task than with others", text, TASK_IL)
    if ours.high < 0:
        return Verdict(Word.CONTRADICTED, "less with the same task", text, TASK_IL)
    return Verdict(Word.NOT_REPRODUCED, "too few seeds to show a difference", text, TASK_IL)


def _more_with_the_same(rows: pd.DataFrame) -> pd.Series[float]:
    """By run: overlap beyond chance with the repeated first task, minus that with other orders."""
    shares = overlap_and_chance(rows)
    first = shares[shares["task"] == 1]
    benchmark = BENCHMARKS[RELATED]
    order = first["other"].astype(int).map(lambda task: benchmark.pixel_orders[task - 1])
    angle = first["other"].astype(int).map(lambda task: benchmark.rotations[task - 1])
    beyond = first["overlap"] - first["chance"]
    same = (order == benchmark.pixel_orders[0]) & (angle == benchmark.rotations[0])
    by_run = [
        beyond[kind].groupby(first["run_id"][kind]).mean()
        for kind in (same, order != benchmark.pixel_orders[0])
    ]
    return by_run[0] - by_run[1]


def judge_usage(evidence: Evidence) -> Verdict:
    """Share of the weights that any mask keeps after the last task."""
    found = _of_rmn(evidence, "weights_used")
    if not found:
        return missing(evidence, _SPLIT, scenario=TASK_IL, methods=_RMN)
    return _left(found)


def judge_usage_without_penalty(evidence: Evidence) -> Verdict:
    """The same without the L0 penalty, where that was measured."""

    def used(place: Evidence, name: str) -> Estimate:
        return estimate(place.values(name, TASK_IL, _RMN, "weights_used", NO_PENALTY))

    found = of_variants(evidence, used)
    return _left(found) if found else not_ablated("penalties")


def _left(used: Found) -> Verdict:
    ours = texts(used, unit=" %")
    full = [what for what, each in used if each.low >= _FULL]
    if full:
        why = f"{_FULL} % or more are used on {' and '.join(full)}"
        return Verdict(Word.CONTRADICTED, why, ours, TASK_IL)
    if all(each.mean < _FULL for _, each in used):
        return Verdict(Word.REPRODUCED, "some are left after the last task", ours, TASK_IL)
    why = "about all are used somewhere, of too few seeds to say so"
    return Verdict(Word.NOT_REPRODUCED, why, ours, TASK_IL)


def judge_memory(evidence: Evidence) -> Verdict:
    """Bytes of RMN's masks, a bit a weight and task, with what its predictions need in all."""
    values = evidence.values(_SPLIT, TASK_IL, _RMN, "inference_bytes")
    rows = evidence.rows(_SPLIT, TASK_IL, _RMN)
    if values.empty or rows.empty:
        return missing(evidence, _SPLIT, scenario=TASK_IL, methods=_RMN)
    tasks = BENCHMARKS[_SPLIT].tasks
    weights = rows[rows["metric"] == "weights"].groupby("run_id", observed=True)["value"].sum()
    each = float(weights.mean()) / 8000
    ours = (
        f"{each * tasks:.1f} kB, {each:.1f} kB for each of {tasks} tasks; "
        f"{float(values.mean()) / 1000:.1f} kB with their BatchNorms"
    )
    difference = f"{each * tasks - _KILOBYTES:+.1f} kB"
    if each * tasks <= _KILOBYTES:
        return Verdict(Word.REPRODUCED, "no more is needed", ours, TASK_IL, difference)
    why = f"{_KILOBYTES:g} kB are those of one task, at a bit a weight"
    return Verdict(Word.CONTRADICTED, why, ours, TASK_IL, difference)


def _of_rmn(evidence: Evidence, metric: str) -> Found:
    """A metric of RMN with the identity on each benchmark, in percent."""
    values = {name: evidence.values(name, TASK_IL, _RMN, metric) for name in LABELLED}
    return [(short(name), estimate(v)) for name, v in values.items() if len(v)]
