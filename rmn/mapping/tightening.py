"""The rise of beta over the optimizer steps of a task."""

from __future__ import annotations

import math


def rising_beta(first: float, last: float, *, step: int, steps: int) -> float:
    """Beta at one optimizer step: geometric from `first` to `last`, and `last` from then on.

    A small beta leaves a gradient to entries far from 0.5, so that they can be decided; a large one
    leaves nothing for rounding to change. Since the rise is spread over the steps, more epochs or
    smaller batches do not change its shape.

    Args:
        first: beta at step 0, above 0.
        last: beta from step `steps - 1` on, above 0.
        step: number of the step, from 0.
        steps: number of steps of the rise; with a single one, it is at `last`.
    """
    progress = min(1.0, step / (steps - 1)) if steps > 1 else 1.0
    return first * math.pow(last / first, progress)
