"""Detection of the convergence of a task's loss, the moment at which the paper prunes."""

from __future__ import annotations

from typing import Final

from torch import Tensor

_MIN_FALL: Final = 0.1
"""Share of the first mean loss that must be gone: a plateau before that is a slow start."""


class Convergence:
    """Compares the mean loss of a window of steps with that of the window before.

    Args:
        tolerance: smallest relative fall of the mean loss that counts as progress.
    """

    def __init__(self, tolerance: float) -> None:
        self.tolerance = tolerance
        self.reset()

    def reset(self) -> None:
        """Forget all losses."""
        self._losses: list[Tensor] = []
        self._last = self._first = float("inf")

    def update(self, loss: Tensor) -> None:
        """Add the loss of one step, a scalar."""
        self._losses.append(loss.detach())

    @property
    def steps(self) -> int:
        """Number of steps in the current window."""
        return len(self._losses)

    def end_window(self) -> bool:
        """End the current window.

        Returns:
            Whether its mean loss is lower than the last window's by less than the tolerance, after
            an initial fall.
        """
        loss = float(sum(self._losses)) / max(1, len(self._losses))
        if self._first == float("inf"):
            self._first = loss
        fallen = loss <= self._first * (1 - _MIN_FALL)
        converged = fallen and loss > self._last * (1 - self.tolerance)
        self._losses, self._last = [], loss
        return converged
