"""How well a method noticed where new tasks began: formulas over batch numbers.

The first mask begins with the stream, whatever it holds; every later switch claims that a task has
begun shortly before. The first claim within `TOLERANCE` batches of a task's first batch is right;
further ones are false alarms, as are later claims and those before the first boundary. A task
without a right claim is missed. A metric without anything to count is NaN.

The examples below are of one stream of 1,600 batches, whose tasks begin at 0, 400, 800 and 1,200.
The claims at 403 and 1,210 are right; 50 is before any boundary, 450 a second claim, 950 too late
for the task that began at 800, which is missed:

>>> counts = count([0, 400, 800, 1200], [0, 50, 403, 450, 950, 1210], 1600)
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import pandas as pd

from harness.analysis.metrics.definition import Direction, Key, Section, Unit, metric

TOLERANCE: Final = 100
"""Batches from the first that has examples of a task, within which its switch can be claimed.

A claim that comes at any later time is right by chance, or of no use: on Split-MNIST a task has
about 470 batches, and at sharp boundaries a detector needs at most a few. Where they are fuzzy the
first batch has a single example of the new task, whose share grows over 470 batches; after 100 it
is a fifth, and what is noticed later was learned into the mask of the task before."""


@dataclass(frozen=True, slots=True)
class SwitchCounts:
    """The claims of one run that a task has begun.

    Attributes:
        right: claims that are right.
        wrong: false alarms.
        missed: tasks without a right claim.
        delay: sum over right claims of the batches since their task's first.
        batches: of the stream.
    """

    right: int
    wrong: int
    missed: int
    delay: float
    batches: float


def count(
    boundaries: Sequence[float],
    switches: Sequence[float],
    batches: float,
    tolerance: float = TOLERANCE,
) -> SwitchCounts:
    """The claims of one run, right and wrong.

    Args:
        boundaries: number of the first batch with examples of each task, rising.
        switches: number of the batch at which each mask was begun, rising; none if it finds none.
        batches: number of batches in the stream.
        tolerance: batches within which a claim is right.
    """
    begun, claims = list(boundaries[1:]), list(switches[1:])
    found: dict[int, float] = {}
    for claim in claims:
        number = bisect_right(begun, claim) - 1
        if number >= 0 and claim - begun[number] <= tolerance:
            found.setdefault(number, claim - begun[number])
    right = len(found)
    return SwitchCounts(
        right, len(claims) - right, len(begun) - right, sum(found.values()), batches
    )


def switch_counts(rows: pd.DataFrame) -> dict[Key, SwitchCounts]:
    """Of each run that begins masks by itself; one that never does makes no claims to judge.

    Args:
        rows: of the measurements "border", "switch" and "batches" (`harness.storage.schema`).
    """
    found: dict[Key, SwitchCounts] = {}
    for run, mine in rows.groupby("run_id", sort=False):
        values = {name: group["value"].sort_values() for name, group in mine.groupby("metric")}
        if "switch" in values:
            found[str(run), "", ""] = count(
                values["border"].tolist(), values["switch"].tolist(), values["batches"].item()
            )
    return found


_switch_metric = partial(
    metric,
    measurements=("border", "switch", "batches"),
    section=Section.SWITCHES,
    over=switch_counts,
)


@_switch_metric(
    "switch_precision",
    title="Precision",
    unit=Unit.PERCENT,
    direction=Direction.HIGHER,
    formula="right claims / claims; a task's first claim is right if it comes before the next "
    f"task and at most {TOLERANCE} batches after the first that has examples of its own",
    source="paper, Section 5.2.1",
)
def switch_precision(counts: SwitchCounts) -> float:
    """Share of claims that are right.

    >>> switch_precision(counts)  # 2 of 5
    0.4
    """
    return _ratio(counts.right, counts.right + counts.wrong)


@_switch_metric(
    "switch_recall",
    title="Recall",
    unit=Unit.PERCENT,
    direction=Direction.HIGHER,
    formula="right claims / boundaries",
    source="as precision",
)
def switch_recall(counts: SwitchCounts) -> float:
    """Share of task boundaries that were noticed in time.

    >>> round(switch_recall(counts), 3)  # 2 of 3
    0.667
    """
    return _ratio(counts.right, counts.right + counts.missed)


@_switch_metric(
    "switch_f1",
    title=f"F1 ({TOLERANCE} batches)",
    unit=Unit.PERCENT,
    direction=Direction.HIGHER,
    formula="2 right / (2 right + wrong + missed)",
    source="van Rijsbergen 1979",
)
def switch_f1(counts: SwitchCounts) -> float:
    """Harmonic mean of precision and recall.

    >>> switch_f1(counts)  # 4 / (4 + 3 + 1)
    0.5
    """
    return _ratio(2 * counts.right, 2 * counts.right + counts.wrong + counts.missed)


@_switch_metric(
    "switch_delay",
    title="Delay (batches)",
    unit=Unit.BATCHES,
    direction=Direction.LOWER,
    formula="mean of (batch of a right claim - batch of its boundary)",
    source="paper, Section 5.2.1",
)
def switch_delay(counts: SwitchCounts) -> float:
    """How late right claims are.

    >>> switch_delay(counts)  # (3 + 10) / 2
    6.5
    """
    return _ratio(counts.delay, counts.right)


@_switch_metric(
    "false_alarms",
    title="False alarms / 1,000",
    unit=Unit.COUNT,
    direction=Direction.LOWER,
    formula="1000 * wrong claims / batches",
    source="paper, Section 5.2.1",
)
def false_alarms(counts: SwitchCounts) -> float:
    """Wrong claims per 1,000 batches.

    >>> false_alarms(counts)  # 1000 * 3 / 1600
    1.875
    """
    return _ratio(1000 * counts.wrong, counts.batches)


@metric(
    "masks_per_task",
    title="Masks / tasks",
    unit=Unit.COUNT,
    direction=Direction.NEITHER,
    formula="masks begun / tasks shown",
    source="paper, Section 5.2.1",
    measurements=("masks",),
    section=Section.SWITCHES,
)
def masks_per_task(rows: pd.DataFrame) -> pd.Series[float]:
    """One where every task has a mask of its own.

    >>> rows = pd.DataFrame({"run_id": "a", "after": [1, 2, 3], "value": [1.0, 3.0, 4.0]})
    >>> masks_per_task(rows).round(3).tolist()  # 4 / 3
    [1.333]
    """
    last = rows.sort_values("after").groupby("run_id")[["after", "value"]].last()
    return last["value"] / last["after"].astype(float)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
