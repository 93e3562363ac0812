"""How well a method noticed where new tasks began: formulas over batch numbers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence


def switch_metrics(
    borders: Sequence[float], switches: Sequence[float], batches: float
) -> Mapping[str, float]:
    """The metrics of switch detection of one run.

    The first mask begins with the stream, whatever it holds; every later switch claims that a task
    has begun since the one before. The first claim between two borders is right, further ones there
    are false alarms, as are claims before the first border.

    Args:
        borders: number of the first batch with examples of each task, rising.
        switches: number of the batch at which each mask was begun, rising; none if it finds none.
        batches: number of batches in the stream.

    Returns:
        `switch_precision` (NaN without claims), `switch_recall` (NaN for one task), `switch_f1`
        (NaN where there was nothing to find and nothing was claimed), `switch_delay` in batches
        (NaN without a right claim) and `false_alarms` per 1,000 batches.
    """
    begun, claims = list(borders[1:]), list(switches[1:])
    found: dict[int, float] = {}
    for claim in claims:
        number = bisect_right(begun, claim) - 1
        if number >= 0:
            found.setdefault(number, claim - begun[number])
    right, wrong = len(found), len(claims) - len(found)
    missed = len(begun) - right
    return {
        "switch_precision": _ratio(right, len(claims)),
        "switch_recall": _ratio(right, len(begun)),
        "switch_f1": _ratio(2 * right, 2 * right + wrong + missed),
        "switch_delay": _ratio(sum(found.values()), right),
        "false_alarms": _ratio(1000 * wrong, batches),
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
