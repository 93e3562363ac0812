"""When a task's loss has converged, the paper's moment for pruning."""

from __future__ import annotations

from typing import Final

from torch import Tensor

_BEGUN: Final = 0.1
"""Share of the first mean loss that must be gone: a plateau before that is a slow start."""


class Convergence:
    """Compares the mean loss of one stretch of training with that of the stretch before.

    Args:
        tolerance: smallest relative fall of the mean loss that counts as progress.
    """

    def __init__(self, tolerance: float) -> None:
        self.tolerance = tolerance
        self.restart()

    def restart(self) -> None:
        """Forget every loss."""
        self._losses: list[Tensor] = []
        self._last = self._first = float("inf")

    def note(self, loss: Tensor) -> None:
        """Take the loss of one step, a scalar."""
        self._losses.append(loss.detach())

    @property
    def noted(self) -> int:
        """Steps of the stretch so far."""
        return len(self._losses)

    def reached(self) -> bool:
        """End the stretch; whether its mean loss fell by less than the tolerance, after a fall."""
        loss = float(sum(self._losses)) / max(1, len(self._losses))
        if self._first == float("inf"):
            self._first = loss
        fallen = loss <= self._first * (1 - _BEGUN)
        converged = fallen and loss > self._last * (1 - self.tolerance)
        self._losses, self._last = [], loss
        return converged
