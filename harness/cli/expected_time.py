"""How long runs will take, in words, by what stored runs have taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # pandas; a wrong argument need not wait for it
    from harness.analysis.cost import Cost

_MINUTE: Final = 60
_HOUR: Final = 3600
_SMALL: Final = 1.5
"""Below so many of a unit the next smaller one says more."""


def expected_time(cost: Cost, workers: int | None) -> str:
    """A sentence that says how long runs will take; "" if nothing is known of them.

    Args:
        cost: of the runs (`harness.analysis.cost.total`).
        workers: that make runs at the same time; None where that is not known.
    """
    if cost.untimed == cost.runs:
        return ""
    together = ""
    if workers is not None and workers > 1 and cost.runs > 1:
        seconds = max(cost.seconds / workers, cost.longest)
        together = f", {workers} need about {in_words(seconds)}"
    kind = "1 run" if cost.untimed == 1 else f"{cost.untimed} runs"
    uncounted = f"; {kind} of methods that have none are not counted" if cost.untimed else ""
    return (
        f"One worker needs about {in_words(cost.seconds)}{together}, "
        f"by stored runs of the same methods{uncounted}."
    )


def in_words(seconds: float) -> str:
    """A time in the unit that suits it: 45 -> "45 seconds", 5400 -> "1.5 hours"."""
    if seconds < _SMALL * _MINUTE:
        return _counted(round(seconds), "second")
    if seconds < _SMALL * _HOUR:
        return _counted(round(seconds / _MINUTE), "minute")
    return f"{seconds / _HOUR:,.1f} hours"


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
